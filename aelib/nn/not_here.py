"""Error messages for the features of Keras that `aelib.nn` does not have."""

#: Arguments of Keras's methods that change the speed but not the numbers. They are accepted and have no effect.
WITHOUT_EFFECT = ("jit_compile", "run_eagerly", "steps_per_execution", "auto_scale_loss")


def refuse_arguments(method, arguments):
    """Refuse the arguments that a method does not support.

    Parameters
    ----------
    method : str
        The method's name, such as ``"fit"``.
    arguments : dict of str to object

    Raises
    ------
    TypeError
        If an argument is neither `None` nor one of `WITHOUT_EFFECT`.
    """
    for name, value in arguments.items():
        if value is not None and name not in WITHOUT_EFFECT:
            raise TypeError(
                f"aelib.nn's {method} expected no argument {name}: it is Keras in miniature, without sample weights, "
                f"class weights, metrics and the like. Received: {name}={value!r}."
            )


def only(name, value, *allowed):
    """Return the value of an argument of which only some of Keras's values are supported.

    Parameters
    ----------
    name : str
        The argument's name, such as ``"groups"``.
    value : object
    *allowed : object
        Keras's default, and equivalent values.

    Raises
    ------
    ValueError
        If the value is not one of `allowed`.
    """
    if value not in allowed:
        raise ValueError(
            f"{name} expected {' or '.join(map(repr, allowed))}: aelib.nn is Keras in miniature. Received: {value!r}."
        )
    return value


def refuse_names(module, others=None):
    """Return a `__getattr__` for a module, whose `AttributeError` says what the module does not have.

    Parameters
    ----------
    module : str
        The module's name, `__name__`.
    others : dict of str to object, or None
        Second names that Keras has for the contents of the module: `initializers.he_normal` is `HeNormal`.
    """

    def __getattr__(name):
        if others and name in others:
            return others[name]
        raise AttributeError(
            f"{module} has no {name}. It is Keras in miniature: dense and convolutional Sequential networks, and "
            "their training. Functional models, metrics, recurrent layers and attention need Keras itself.",
            name=name,
        )

    return __getattr__
