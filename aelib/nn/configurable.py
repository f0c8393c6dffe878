"""Configurations of layers, activations, initializers, regularizers, losses and optimizers, as in Keras.

The configuration of an object is the arguments of its constructor. The object keeps each argument in the attribute of
the same name, so the signature of the constructor determines everything here.
"""

import inspect
import re

import numpy as np


class Configurable:
    """Base class of all objects that have a configuration."""

    def get_config(self):
        """Return the arguments of the constructor, from which `from_config` makes an equal object.

        Returns
        -------
        dict of str to object
            Numbers, strings, booleans, `None`, and lists and dictionaries of these. A configurable object becomes its
            `identifier`. A seed that is a generator becomes `None`, because the state of a generator is not a setting.

        Raises
        ------
        TypeError
            If the object lacks an attribute with the name of an argument.
        """
        missing = [name for name in arguments(type(self)) if not hasattr(self, name)]
        if missing:
            raise TypeError(
                f"{type(self).__name__}.get_config expected an attribute for each argument of the constructor. "
                f"Received: none called {', '.join(missing)}."
            )
        return {name: plain(getattr(self, name)) for name in arguments(type(self))}

    @classmethod
    def from_config(cls, config):
        """Return a new object with these arguments.

        Parameters
        ----------
        config : dict of str to object
            The result of `get_config`, here or in Keras. An argument that only Keras has must be `None`.

        Returns
        -------
        object
            An instance of this class.

        Raises
        ------
        TypeError
            If the class does not have an argument, unless that is `None`.
        """
        known = arguments(cls)
        return cls(**{name: value for name, value in config.items() if name in known or value is not None})

    def identifier(self):
        """Return the name of the class and the configuration, from which `get` makes an equal object.

        Returns
        -------
        dict or str
        """
        return {"class_name": type(self).__name__, "config": self.get_config()}

    def __repr__(self):
        """Return the call that makes an equal object, without the arguments that have their default."""
        values = {name: getattr(self, name, default) for name, default in arguments(type(self)).items()}
        given = [
            f"{name}={values[name]!r}"
            for name, default in arguments(type(self)).items()
            if not is_default(values[name], default)
        ]
        return f"{type(self).__name__}({', '.join(given)})"


def arguments(cls):
    """Map the name of each argument of a constructor to its default, or to `inspect.Parameter.empty`.

    A constructor that ends with `**named` passes those arguments to the constructor of its base class.
    """
    found, passes_on = {}, True
    for owner in cls.__mro__:
        if passes_on and "__init__" in vars(owner) and owner is not object:
            parameters = list(inspect.signature(owner.__init__).parameters.values())[1:]
            passes_on = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
            named = [p for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
            found |= {parameter.name: parameter.default for parameter in named if parameter.name not in found}
    return found


def plain(value):
    """Return the value of an argument in the form used in a configuration."""
    if isinstance(value, Configurable):
        return value.identifier()
    if isinstance(value, np.random.Generator):
        return None
    if isinstance(value, (list, tuple)):
        return type(value)(plain(entry) for entry in value)
    return value


def is_default(value, default):
    """Return whether an argument has its default: the same value, or the object whose name is the default."""
    if isinstance(value, Configurable) and isinstance(default, str):
        unchanged = repr(value) == f"{type(value).__name__}()"
        return value.identifier() == default or (unchanged and snake_case(type(value).__name__) == default)
    return value is default or (type(value) is type(default) and value == default)


def snake_case(name):
    """Return the name of a class in snake case, as in Keras: ``"HeNormal"`` becomes ``"he_normal"``."""
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()
