"""An optimizer turns a gradient into a step. Each rule stands in the docstring as it stands in the code.

In the rules, `w` is a weight array, `g` its gradient, and every operation is element by
element. The defaults, the epsilons and where they stand are Keras's.
"""

import numbers

import numpy as np

from aelib.registry import resolve


class Optimizer:
    """Base class: keeps the state that a rule needs for each weight array.

    Parameters
    ----------
    learning_rate : float
        The size of a step, above 0.
    """

    slots = ()  # the names of the arrays a rule keeps beside each weight array

    def __init__(self, learning_rate):
        if not (is_finite_number(learning_rate) and learning_rate > 0):
            raise ValueError(f"learning_rate must be a positive number. Received: {learning_rate!r}.")
        self.learning_rate = float(learning_rate)
        self.iterations = 0
        self.state = None

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
        self._check(gradients, variables)
        self._prepare(variables)
        self.iterations += 1
        for g, w, state in zip(gradients, variables, self.state):
            self.update_step(g, w, **state)

    def update_step(self, g, w, **state):
        """Change `w` and the arrays of `state` in place, given the gradient `g`."""
        raise NotImplementedError

    def _check(self, gradients, variables):
        expected, received = [w.shape for w in variables], [g.shape for g in gradients]
        if expected != received:
            raise ValueError(f"Expected gradients of the variables' shapes {expected}. Received: {received}.")

    def _prepare(self, variables):
        """Start the state at zero; later, follow the variables' precision if it changed."""
        if self.state is None:
            self.state = [{name: np.zeros_like(w) for name in self.slots} for w in variables]
            self._shapes = [w.shape for w in variables]
        if self._shapes != [w.shape for w in variables]:
            raise ValueError(
                f"This optimizer was built for variables of shapes {self._shapes}. "
                f"Received: {[w.shape for w in variables]}. Use a new optimizer for another network."
            )
        for w, state in zip(variables, self.state):
            state.update({name: array.astype(w.dtype, copy=False) for name, array in state.items()})


def is_finite_number(value):
    """Whether `value` is a real number, neither NaN nor infinite."""
    return isinstance(value, numbers.Real) and bool(np.isfinite(value))


def check_epsilon(value):
    """Return `value` as a float, or say that it is not a number of at least 0."""
    if not (is_finite_number(value) and value >= 0):
        raise ValueError(f"epsilon must be a finite number of at least 0. Received: {value!r}.")
    return float(value)


def check_fraction(name, value):
    """Return `value` as a float, or say that it is not in [0, 1)."""
    if not (is_finite_number(value) and 0.0 <= value < 1.0):
        raise ValueError(f"{name} must be at least 0 and below 1. Received: {value!r}.")
    return float(value)


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum.

    ::

        velocity = momentum * velocity - learning_rate * g
        w = w + velocity

    Without momentum this is `w = w - learning_rate * g`.

    Parameters
    ----------
    learning_rate : float
    momentum : float
        In [0, 1): the share of the last step that goes on.
    """

    slots = ("velocity",)

    def __init__(self, learning_rate=0.01, momentum=0.0):
        super().__init__(learning_rate)
        self.momentum = check_fraction("momentum", momentum)

    def update_step(self, g, w, velocity):
        velocity *= self.momentum
        velocity -= self.learning_rate * g
        w += velocity


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
    """

    slots = ("velocity",)

    def __init__(self, learning_rate=0.001, rho=0.9, epsilon=1e-7):
        super().__init__(learning_rate)
        self.rho = check_fraction("rho", rho)
        self.epsilon = check_epsilon(epsilon)

    def update_step(self, g, w, velocity):
        velocity *= self.rho
        velocity += (1.0 - self.rho) * np.square(g)
        w -= self.learning_rate * g / np.sqrt(velocity + self.epsilon)


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
    """

    slots = ("m", "v")

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
        super().__init__(learning_rate)
        self.beta_1 = check_fraction("beta_1", beta_1)
        self.beta_2 = check_fraction("beta_2", beta_2)
        self.epsilon = check_epsilon(epsilon)

    def update_step(self, g, w, m, v):
        t = self.iterations
        m += (1.0 - self.beta_1) * (g - m)
        v += (1.0 - self.beta_2) * (np.square(g) - v)
        # In the weights' precision, as in Keras: 0.999 in float32 is 1.3e-8 off, and 1 - 0.999 is 1e-5 off.
        beta_1, beta_2 = w.dtype.type(self.beta_1), w.dtype.type(self.beta_2)
        alpha = self.learning_rate * np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
        w -= alpha * m / (np.sqrt(v) + self.epsilon)


OPTIMIZERS = {"sgd": SGD, "rmsprop": RMSprop, "adam": Adam}


def get(identifier):
    """Return the optimizer of a name, with Keras's defaults."""
    return resolve(identifier, OPTIMIZERS, Optimizer, "optimizer")
