def make_warnings_errors():
    """Make every warning an error, but for those by which one library tells another that it is out of date."""
    import warnings

    warnings.simplefilter("error")
    for category in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
        warnings.simplefilter("ignore", category)
        warnings.filterwarnings("error", category=category, module=r"(__main__|aelib|experiments|benchmarks)(\.|$)")


def give_claims_their_values():
    """Let a comparison that is asserted and fails say the values that it compared."""
    import ast

    from IPython import get_ipython

    class WithValues(ast.NodeTransformer):
        def visit_Assert(self, node):
            if isinstance(node.test, ast.Compare) and node.msg is None:
                node.msg = ast.copy_location(ast.Tuple([node.test.left, *node.test.comparators], ast.Load()), node)
            return node

    get_ipython().ast_transformers.append(WithValues())


make_warnings_errors()
give_claims_their_values()
del make_warnings_errors, give_claims_their_values  # a chapter finds no name that it has not made itself
