"""How long training takes, beside the frameworks and beside the matrix products alone."""
