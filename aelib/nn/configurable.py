"""What is made from a few settings can be written down and made again: Keras's `get_config` and `from_config`."""

import inspect


class Configurable:
    """Base class of layers, losses, optimizers and the rest: an object that its constructor's arguments describe."""

    @classmethod
    def settings(cls):
        """Return the names of the constructor's arguments, with those that it passes on to its base class."""
        names = []
        for owner in cls.__mro__:
            if "__init__" in vars(owner):
                parameters = list(inspect.signature(owner.__init__).parameters.values())[1:]
                passed_on = [p for p in parameters if p.kind is p.VAR_KEYWORD]
                names += [p.name for p in parameters if p not in passed_on and p.name not in names]
                if not passed_on:
                    break
        return names

    def get_config(self):
        """Return the constructor's arguments as a dict: the attributes of the same names."""
        return {name: getattr(self, name) for name in self.settings()}

    @classmethod
    def from_config(cls, config):
        """Make an object from what `get_config` returned."""
        return cls(**config)
