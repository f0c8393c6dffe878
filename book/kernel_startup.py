def make_warnings_errors():
    """Make every warning an error, but for those by which one library tells another that it is out of date."""
    import warnings

    warnings.simplefilter("error")
    for category in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
        warnings.simplefilter("ignore", category)
        warnings.filterwarnings("error", category=category, module=r"(__main__|aelib|experiments|benchmarks)(\.|$)")


make_warnings_errors()
del make_warnings_errors  # a chapter finds no name that it has not made itself
