"""Names instead of objects: how `"relu"` becomes the activation of that name."""


def resolve(identifier, registry, base, kind):
    """Turn a name, a class or an object into an object.

    Parameters
    ----------
    identifier : str, type or object
        A name in `registry`, a subclass of `base`, or an instance of `base`.
    registry : dict of str to type
        The classes that can be asked for by name.
    base : type
        What the result must be an instance of.
    kind : str
        What the thing is called in an error message, for example ``"activation"``.

    Returns
    -------
    object
        An instance of `base`; an instance that was passed in is returned as it is.

    Raises
    ------
    ValueError
        If `identifier` is a name that `registry` does not hold.
    TypeError
        If `identifier` is neither a name nor of the class `base`.
    """
    if isinstance(identifier, base):
        return identifier
    if isinstance(identifier, type) and issubclass(identifier, base):
        return identifier()
    if not isinstance(identifier, str):
        raise TypeError(
            f"Unknown {kind}: expected a name or an object of aelib's class {base.__name__}. "
            f"Received: {identifier!r} of type {type(identifier).__name__}."
        )
    if identifier not in registry:
        raise ValueError(f"Unknown {kind}: expected one of {', '.join(sorted(registry))}. Received: {identifier!r}.")
    return registry[identifier]()
