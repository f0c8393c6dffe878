"""Optimizers, which turn gradients into training steps. The formula in a docstring is also the code of the rule.

In the formulas, `w` is a weight array, `g` its gradient, and all operations are element-wise. Defaults and epsilons are
those of Keras. The chapter *From gradients to steps* derives the rules.
"""

import numpy as np

from aelib import checks
from aelib.nn.configurable import Configurable
from aelib.nn.memory import CLEARING, Slots
from aelib.nn.not_here import refuse_names
from aelib.nn.registry import resolve


class Optimizer(Configurable):
    """Base class. A new optimizer defines `slots` and `step`.

    Parameters
    ----------
    learning_rate : float
        The size of a step, above 0.
    weight_decay : float or None
        At least 0. Before each step all weights shrink: `w = w - learning_rate * weight_decay * w`, as in Keras
        (Loshchilov & Hutter 2019).

    Attributes
    ----------
    iterations : int
        The number of steps taken.
    slots : tuple of str
        Class attribute: the names of the arrays that the optimizer keeps for each weight array, such as a velocity.
    """

    slots = ()

    def __init__(self, learning_rate, weight_decay=None):
        self.learning_rate = learning_rate
        self.weight_decay = None if weight_decay is None else checks.not_negative_number("weight_decay", weight_decay)
        self.iterations = 0
        self._kept = None  # until the variables are known

    @property
    def learning_rate(self):
        """The size of a step, above 0."""
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value):
        self._learning_rate = checks.positive_number("learning_rate", value)

    def step(self, g, **slots):
        """Return the change of some weights, and update their slots in place.

        Parameters
        ----------
        g : ndarray, shape (n,)
            The gradient with respect to these weights, which must not be changed.
        **slots : ndarray, shape (n,)
            The slots of these weights, by name.

        Returns
        -------
        ndarray, shape (n,)
            Valid until the next call: it may be one of the slots.
        """
        raise NotImplementedError

    def apply(self, gradients, variables):
        """Take one step, which changes the arrays of `variables` in place.

        Parameters
        ----------
        gradients : list of ndarray
            One gradient per variable, with the shape of the variable.
        variables : list of ndarray
            The weights, which must be the same, in the same order, in every call.

        Raises
        ------
        ValueError
            If gradients and variables differ in number or shape, or if the shapes of the variables differ from those
            in the first call.
        """
        gradients, variables = list(gradients), list(variables)
        expected, received = [w.shape for w in variables], [np.shape(g) for g in gradients]
        if expected != received:
            raise ValueError(f"Expected gradients of the variables' shapes {expected}. Received: {received}.")
        self.build(variables)
        self.iterations += 1
        if self.weight_decay:
            for w in variables:
                w -= self.learning_rate * self.weight_decay * w
        self._kept.step(self.step, gradients, variables)
        if self.iterations % CLEARING == 0:
            self._kept.clear()

    def build(self, variables):
        """Make the slots for a list of variables, filled with zeros. The first `apply` calls this method.

        Existing slots keep their values and take on the precision of the variables, or the higher one of two.

        Parameters
        ----------
        variables : list of ndarray
            The weights, in the same order as for `apply`.

        Raises
        ------
        ValueError
            If the optimizer already has slots for variables of other shapes.
        """
        if self._kept is None:
            self._kept = Slots(self.slots, variables)
        received = [w.shape for w in variables]
        if self._kept.shapes != received:
            raise ValueError(
                f"This optimizer was built for variables of shapes {self._kept.shapes}. "
                f"Received: {received}. Use a new optimizer for another network."
            )
        self._kept.follow(variables)

    @property
    def state(self):
        """A list with one dict per variable, which maps names to slots of its shape; `None` before `build`."""
        return None if self._kept is None else self._kept.arrays()


class SGD(Optimizer):
    """Stochastic gradient descent with momentum (Polyak 1964).

    ::

        velocity = momentum * velocity - learning_rate * g
        w = w + velocity

    Without momentum this is `w = w - learning_rate * g`. Nesterov's version uses the new velocity once more
    (Sutskever et al. 2013): `w = w + momentum * velocity - learning_rate * g`.

    Parameters
    ----------
    learning_rate : float
    momentum : float
        In [0, 1): the fraction of the previous velocity that is kept.
    nesterov : bool
        Whether to use Nesterov's version.
    weight_decay : float or None
        As in `Optimizer`.
    """

    slots = ("velocity",)

    def __init__(self, learning_rate=0.01, momentum=0.0, nesterov=False, weight_decay=None):
        super().__init__(learning_rate, weight_decay)
        self.momentum = checks.fraction("momentum", momentum)
        self.nesterov = bool(nesterov)

    def step(self, g, velocity):
        velocity[:] = self.momentum * velocity - self.learning_rate * g
        return self.momentum * velocity - self.learning_rate * g if self.nesterov else velocity


class RMSprop(Optimizer):
    """Divide each gradient by a running root mean square of past gradients (Tieleman & Hinton 2012).

    ::

        velocity = rho * velocity + (1 - rho) * g²
        w = w - learning_rate * g / sqrt(velocity + epsilon)

    Parameters
    ----------
    learning_rate : float
    rho : float
        In [0, 1): the decay rate of the running mean square.
    epsilon : float
        At least 0; prevents a division by zero. It is added under the root, as in Keras.
    weight_decay : float or None
        As in `Optimizer`.
    """

    slots = ("velocity",)

    def __init__(self, learning_rate=0.001, rho=0.9, *, epsilon=1e-7, weight_decay=None):
        super().__init__(learning_rate, weight_decay)
        self.rho = checks.fraction("rho", rho)
        self.epsilon = checks.not_negative_number("epsilon", epsilon)

    def step(self, g, velocity):
        velocity[:] = self.rho * velocity + (1 - self.rho) * g**2
        return -self.learning_rate * (g / (velocity + self.epsilon) ** 0.5)


class Adam(Optimizer):
    """Running means of the gradient and of its square, with bias correction (Kingma & Ba 2015).

    ::

        m = m + (1 - beta_1) * (g - m)
        v = v + (1 - beta_2) * (g² - v)
        alpha = learning_rate * sqrt(1 - beta_2^t) / (1 - beta_1^t)
        w = w - alpha * m / (sqrt(v) + epsilon)

    This is the version at the end of section 2 of the paper, which Keras also uses: the corrections are moved into
    `alpha`, so `epsilon` is added to the uncorrected root.

    Parameters
    ----------
    learning_rate : float
    beta_1, beta_2 : float
        In [0, 1): the decay rates of the running mean and of the running mean square.
    epsilon : float
        At least 0; prevents a division by zero.
    weight_decay : float or None
        As in `Optimizer`.
    """

    slots = ("m", "v")

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, *, weight_decay=None):
        super().__init__(learning_rate, weight_decay)
        self.beta_1 = checks.fraction("beta_1", beta_1)
        self.beta_2 = checks.fraction("beta_2", beta_2)
        self.epsilon = checks.not_negative_number("epsilon", epsilon)

    def step(self, g, m, v):
        m += (1 - self.beta_1) * (g - m)
        v += (1 - self.beta_2) * (g**2 - v)
        return -self.alpha(m.dtype) * (m / (v**0.5 + self.epsilon))

    def alpha(self, dtype):
        """Return the learning rate with both corrections, computed in the precision of the weights, as in Keras.

        The precision matters: 0.999 in float32 is off by 1.3e-8, so 1 - 0.999 has a relative error of 1.3e-5.
        """
        t, beta_1, beta_2 = self.iterations, dtype.type(self.beta_1), dtype.type(self.beta_2)
        return float(self.learning_rate * np.sqrt(1 - beta_2**t) / (1 - beta_1**t))


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019).

    ::

        w = w - learning_rate * weight_decay * w
        w = w - alpha * m / (sqrt(v) + epsilon)        as in Adam

    Parameters
    ----------
    learning_rate : float
    weight_decay : float
        At least 0.
    beta_1, beta_2, epsilon : float
        As in `Adam`.
    """

    def __init__(self, learning_rate=0.001, weight_decay=0.004, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
        super().__init__(learning_rate, beta_1, beta_2, epsilon, weight_decay=weight_decay)


OPTIMIZERS = {"sgd": SGD, "rmsprop": RMSprop, "adam": Adam, "adamw": AdamW}

__getattr__ = refuse_names(__name__)


def get(identifier):
    """Return the optimizer for a name, in upper or lower case as in Keras, a dictionary, a class or an object."""
    identifier = identifier.lower() if isinstance(identifier, str) else identifier
    return resolve(identifier, OPTIMIZERS, Optimizer, "optimizer")
