"""An optimizer turns a gradient into a step. Each rule stands in the docstring as it stands in the code.

In the rules, `w` is a weight array, `g` its gradient, and every operation is element by
element. The defaults, the epsilons and where they stand are Keras's.
"""

import numpy as np

from aelib import checks
from aelib.nn.configurable import Configurable
from aelib.nn.memory import CLEARING, Slots
from aelib.nn.not_here import refuse_names
from aelib.nn.registry import by_name, resolve


class Optimizer(Configurable):
    """Base class: keeps what a rule remembers of each weight.

    Parameters
    ----------
    learning_rate : float
        The size of a step, above 0.
    weight_decay : float or None
        At least 0. Before each step every weight shrinks: `w = w - learning_rate * weight_decay * w`
        (Loshchilov & Hutter 2019, as Keras takes it).

    Attributes
    ----------
    iterations : int
        How many steps were taken.
    slots : tuple of str
        Of the class: the names of the arrays that the rule keeps beside each weight array.
    """

    slots = ()

    def __init__(self, learning_rate, weight_decay=None):
        self.learning_rate = learning_rate
        self.weight_decay = None if weight_decay is None else checks.not_negative_number("weight_decay", weight_decay)
        self.iterations = 0
        self._kept = None  # until the variables are known

    @property
    def learning_rate(self):
        """The size of a step."""
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value):
        self._learning_rate = checks.positive_number("learning_rate", value)

    def step(self, g, **slots):
        """Return what is added to some weights, and change what is kept for them in place.

        Parameters
        ----------
        g : ndarray, shape (n,)
            The gradient in these weights, which stays as it is.
        **slots : ndarray, shape (n,)
            What the rule keeps for them, by the names in `slots`.

        Returns
        -------
        ndarray, shape (n,)
            Valid until the next call: it may be one of the slots.
        """
        raise NotImplementedError

    def apply(self, gradients, variables):
        """Take one step: change every array of `variables` in place.

        Parameters
        ----------
        gradients : list of ndarray
            One gradient a variable, of the variable's shape.
        variables : list of ndarray
            The weights. The same list, in the same order, at every call.

        Raises
        ------
        ValueError
            If gradients and variables differ in number or shape, or if the variables
            are not those of the first call.
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
        """Make the slots for a list of variables, all zero, as the first `apply` does by itself.

        Slots that are there stay. They are in the precision of the variables, and follow it; of
        variables in two precisions, in the finer one.

        Parameters
        ----------
        variables : list of ndarray
            The weights, in the order in which `apply` gets them.

        Raises
        ------
        ValueError
            If there are slots already, of variables with other shapes.
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
        """What is kept beside each variable: a dict of its slots, in its shape; `None` before `build`."""
        return None if self._kept is None else self._kept.arrays()


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum.

    ::

        velocity = momentum * velocity - learning_rate * g
        w = w + velocity

    Without momentum this is `w = w - learning_rate * g`. Nesterov's form looks one step ahead:
    `w = w + momentum * velocity - learning_rate * g`, with the new velocity.

    Parameters
    ----------
    learning_rate : float
    momentum : float
        In [0, 1): the share of the last step that goes on.
    nesterov : bool
    weight_decay : float or None
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
    """Divide each gradient by the running root mean square of its past.

    ::

        velocity = rho * velocity + (1 - rho) * g²
        w = w - learning_rate * g / sqrt(velocity + epsilon)

    Parameters
    ----------
    learning_rate : float
    rho : float
        In [0, 1): how much of the running mean square is kept.
    epsilon : float
        Keeps the division finite; it stands under the root, as in Keras.
    weight_decay : float or None
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
    """Momentum and a running mean square, both corrected for their start at zero.

    ::

        m = m + (1 - beta_1) * (g - m)
        v = v + (1 - beta_2) * (g² - v)
        alpha = learning_rate * sqrt(1 - beta_2^t) / (1 - beta_1^t)
        w = w - alpha * m / (sqrt(v) + epsilon)

    This is the second form given by Kingma & Ba (2015), at the end of their section 2,
    which is also Keras's: the correction of `v` is moved into `alpha`, so that `epsilon`
    is added to the uncorrected root.

    Parameters
    ----------
    learning_rate : float
    beta_1, beta_2 : float
        In [0, 1): how much is kept of the running mean and of the running mean square.
    epsilon : float
        Keeps the division finite.
    weight_decay : float or None
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
        """Return the learning rate with both corrections, computed in the weights' precision, as in Keras.

        It matters: 0.999 in float32 is 1.3e-8 off, which makes 1 - 0.999 wrong by 1.3e-5 of itself.
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


OPTIMIZERS = by_name(Adam, AdamW, SGD, sgd=SGD, rmsprop=RMSprop, adamw=AdamW)

__getattr__ = refuse_names(__name__)


def get(identifier):
    """Return the optimizer of a name, with Keras's defaults."""
    return resolve(identifier, OPTIMIZERS, Optimizer, "optimizer")
