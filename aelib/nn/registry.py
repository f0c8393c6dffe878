"""Identifiers: the string `"relu"` is turned into the activation of that name."""

from aelib.nn.configurable import snake_case


def by_name(*classes, **aliases):
    """Return a registry, which maps each class's name in snake case, and each alias, to the class.

    Parameters
    ----------
    *classes : type
    **aliases : type
        Other names that Keras accepts, for example ``mse=MeanSquaredError``.

    Returns
    -------
    dict of str to type
    """
    return {snake_case(cls.__name__): cls for cls in classes} | aliases


def resolve(identifier, registry, base, kind):
    """Return the object for an identifier, in any form that Keras accepts.

    Parameters
    ----------
    identifier : str, dict, type or object
        A name in `registry`, the name of one of its classes, a dictionary of such a name and a configuration,
        `{"class_name": …, "config": {…}}`, a subclass of `base`, or an instance of `base`.
    registry : dict of str to type
        The classes that have a name.
    base : type
        The class of the result.
    kind : str
        The noun for error messages, for example ``"activation"``.

    Returns
    -------
    object
        An instance of `base`: `identifier` itself if it is one, otherwise a new instance.

    Raises
    ------
    ValueError
        If `identifier` is an unknown name, or a dictionary without a known name.
    TypeError
        If `identifier` is of another type, or if its configuration has an unknown argument.
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
    """Return the class of a name, in snake case or as the class is called; raise `ValueError` if it is unknown."""
    classes = {cls.__name__: cls for cls in registry.values()} | registry
    if name not in classes:
        raise ValueError(f"Unknown {kind}: expected one of {', '.join(sorted(registry))}. Received: {name!r}.")
    return classes[name]
