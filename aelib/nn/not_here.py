"""The one place where what Keras has and this room has not is refused, by name."""

#: Arguments of Keras's methods that change how long something takes, but no number; they are taken and have no effect.
WITHOUT_EFFECT = ("jit_compile", "run_eagerly", "steps_per_execution", "auto_scale_loss")


def refuse_arguments(method, arguments):
    """Say that a method does not take these arguments, unless they are `None` or have no effect.

    Parameters
    ----------
    method : str
        The method's name, such as ``"fit"``.
    arguments : dict of str to object

    Raises
    ------
    TypeError
        If one of them asks for something.
    """
    for name, value in arguments.items():
        if value is not None and name not in WITHOUT_EFFECT:
            raise TypeError(
                f"aelib.nn's {method} expected no argument {name}: it is Keras in miniature, without sample weights, "
                f"class weights, metrics and the like. Received: {name}={value!r}."
            )


def only(name, value, *allowed):
    """Return the value of an argument that Keras has more values for, or say which of them are here.

    Parameters
    ----------
    name : str
        The argument's name, such as ``"groups"``.
    value : object
    *allowed : object
        Keras's default, and what means the same.

    Raises
    ------
    ValueError
        If the value is not one of these.
    """
    if value not in allowed:
        raise ValueError(
            f"{name} expected {' or '.join(map(repr, allowed))}: aelib.nn is Keras in miniature. Received: {value!r}."
        )
    return value


def refuse_names(module, others=None):
    """Return a `__getattr__` for a module that refuses what is not in it.

    Parameters
    ----------
    module : str
        The module's name, `__name__`.
    others : dict of str to object, or None
        What Keras has in the module under a second name, too: `initializers.he_normal` is `HeNormal`.
    """

    def __getattr__(name):
        if others and name in others:
            return others[name]
        raise AttributeError(
            f"{module} has no {name}. It is Keras in miniature: dense and convolutional networks in a row "
            "(Sequential), and what trains them. Functional models, metrics, recurrent layers and attention are "
            "Keras's own.",
            name=name,
        )

    return __getattr__
