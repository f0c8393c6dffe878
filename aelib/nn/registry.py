"""Names instead of objects: how `"relu"` becomes the activation of that name."""

from aelib.nn.configurable import snake_case


def by_name(*classes, **aliases):
    """Return a registry: each class under its name in snake case, and under its other names.

    Parameters
    ----------
    *classes : type
    **aliases : type
        Further names that Keras takes, for example ``mse=MeanSquaredError``.

    Returns
    -------
    dict of str to type
    """
    return {snake_case(cls.__name__): cls for cls in classes} | aliases


def resolve(identifier, registry, base, kind):
    """Turn whatever Keras takes for an object into the object.

    Parameters
    ----------
    identifier : str, dict, type or object
        A name in `registry` or the name of one of its classes, a dictionary of such a name and a configuration,
        `{"class_name": …, "config": {…}}`, a subclass of `base`, or an instance of `base`.
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
        If `identifier` is a name that `registry` does not hold, or a dictionary without one.
    TypeError
        If `identifier` is of another type, or if its configuration has an argument that the class has not.
    """
    if isinstance(identifier, base):
        return identifier
    if isinstance(identifier, type) and issubclass(identifier, base):
        return identifier()
    if isinstance(identifier, dict):
        cls = named(identifier.get("class_name"), registry, kind)
        return cls.from_config(identifier.get("config") or {})
    if isinstance(identifier, str):
        return named(identifier, registry, kind)()
    raise TypeError(
        f"Unknown {kind}: expected a name or an object of aelib's class {base.__name__}. "
        f"Received: {identifier!r} of type {type(identifier).__name__}."
    )


def named(name, registry, kind):
    """Return the class of a name, Keras's or its own, or say which names there are."""
    classes = {cls.__name__: cls for cls in registry.values()} | registry
    if name not in classes:
        raise ValueError(f"Unknown {kind}: expected one of {', '.join(sorted(registry))}. Received: {name!r}.")
    return classes[name]
