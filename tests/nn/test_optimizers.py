"""Every optimizer against its closed form: n steps as sums over the past gradients."""

import copy
import pickle

import numpy as np
import pytest

from aelib.nn import memory, optimizers
from aelib.nn.optimizers import SGD, Adam, AdamW, Optimizer, RMSprop

START = np.array([[1.0, -2.0], [0.5, 3.0]])


@pytest.fixture
def history(rng):
    """Five different gradients of `START`."""
    return list(rng.normal(size=(5, 2, 2)))


def after(optimizer, gradients, dtype="float64"):
    """`START` after one step per gradient."""
    w = START.astype(dtype)
    for g in gradients:
        optimizer.apply([g.astype(dtype)], [w])
    return w


def decayed_sum(values, decay):
    """`Σ decay^(t-i) value_i`, the closed form of `s = decay * s + value`."""
    return sum(decay ** (len(values) - 1 - i) * value for i, value in enumerate(values))


def test_sgd_subtracts_the_gradients(history):
    np.testing.assert_allclose(after(SGD(0.1), history), START - 0.1 * sum(history), rtol=1e-12)


def test_momentum_adds_the_decayed_past(history):
    expected = START - 0.1 * sum(decayed_sum(history[:t], 0.8) for t in range(1, 6))
    np.testing.assert_allclose(after(SGD(0.1, momentum=0.8), history), expected, rtol=1e-12)


def test_momentum_multiplies_the_speed_under_a_constant_gradient():
    """In the limit, each step is learning_rate / (1 - momentum) times the gradient."""
    steps = [after(SGD(0.01, momentum=0.9), [np.ones((2, 2))] * n) for n in (300, 301)]
    np.testing.assert_allclose(steps[0] - steps[1], 0.1, rtol=1e-6)


@pytest.mark.parametrize("epsilon", [1e-7, 0.5])
def test_rmsprop_divides_by_the_root_of_the_decayed_mean_square(history, epsilon):
    expected = START.copy()
    for t in range(1, 6):
        mean_square = 0.3 * decayed_sum([g**2 for g in history[:t]], 0.7)
        expected -= 0.1 * history[t - 1] / (mean_square + epsilon) ** 0.5
    np.testing.assert_allclose(after(RMSprop(0.1, rho=0.7, epsilon=epsilon), history), expected, rtol=1e-12)


@pytest.mark.parametrize("epsilon", [1e-7, 0.5])
def test_adam_is_the_corrected_mean_over_the_corrected_root(history, epsilon):
    """The first version of Kingma & Ba's algorithm, with `epsilon / sqrt(1 - beta_2^t)` for epsilon."""
    expected = START.copy()
    for t in range(1, 6):
        mean = 0.2 * decayed_sum(history[:t], 0.8) / (1 - 0.8**t)
        mean_square = 0.1 * decayed_sum([g**2 for g in history[:t]], 0.9) / (1 - 0.9**t)
        expected -= 0.05 * mean / (mean_square**0.5 + epsilon / (1 - 0.9**t) ** 0.5)
    optimizer = Adam(0.05, beta_1=0.8, beta_2=0.9, epsilon=epsilon)
    np.testing.assert_allclose(after(optimizer, history), expected, rtol=1e-12)


def test_adams_first_step_is_the_learning_rate_whatever_the_gradients_size():
    for scale in (1e-2, 1.0, 1e4):
        step = START - after(Adam(0.01), [scale * np.array([[1.0, -1.0], [2.0, -3.0]])])
        np.testing.assert_allclose(step, [[0.01, -0.01], [0.01, -0.01]], rtol=1e-3)


def test_nesterov_steps_as_if_the_velocity_had_been_applied_once_more(history):
    """The step uses the velocity of one step later, computed with the current gradient."""
    velocities = [-0.1 * decayed_sum(history[:t], 0.8) for t in range(1, 6)]
    expected = START + sum(0.8 * v - 0.1 * g for v, g in zip(velocities, history))
    np.testing.assert_allclose(after(SGD(0.1, momentum=0.8, nesterov=True), history), expected, rtol=1e-12)


def test_nesterov_without_momentum_is_gradient_descent(history):
    np.testing.assert_array_equal(after(SGD(0.1, nesterov=True), history), after(SGD(0.1), history))


@pytest.mark.parametrize("cls", [SGD, RMSprop, Adam, AdamW])
def test_without_a_gradient_weight_decay_shrinks_every_weight_by_the_same_share(cls):
    w = after(cls(0.1, weight_decay=0.5), [np.zeros((2, 2))] * 3)
    np.testing.assert_allclose(w, START * (1 - 0.1 * 0.5) ** 3, rtol=1e-12)


@pytest.mark.parametrize("cls", [SGD, RMSprop, Adam])
def test_weight_decay_comes_before_the_step_and_not_into_the_gradient(cls, history):
    plain, decayed = (after(cls(0.1, weight_decay=decay), history[:1]) for decay in (None, 0.5))
    np.testing.assert_allclose(decayed - plain, -0.1 * 0.5 * START, rtol=1e-9)


def test_adamw_is_adam_with_weight_decay(history):
    a, b = Adam(0.1, 0.8, 0.95, 1e-3, weight_decay=0.2), AdamW(0.1, 0.2, 0.8, 0.95, 1e-3)
    np.testing.assert_array_equal(after(a, history), after(b, history))
    assert AdamW().weight_decay == 0.004 and Adam().weight_decay is None


def test_the_learning_rate_of_the_moment_counts(history):
    """The learning rate can be halved between two steps, as by a schedule, and is checked when it is set."""
    optimizer, w = SGD(0.2, weight_decay=0.5), START.copy()
    optimizer.apply([history[0]], [w])
    optimizer.learning_rate = np.float64(0.1)
    optimizer.apply([history[1]], [w])
    expected = (START * (1 - 0.1) - 0.2 * history[0]) * (1 - 0.05) - 0.1 * history[1]
    np.testing.assert_allclose(w, expected, rtol=1e-12)
    assert type(optimizer.learning_rate) is float  # a NumPy number would make the steps of float32 weights float64
    for rate in (0, -1, np.nan, np.inf, "0.1", None, True):
        with pytest.raises(ValueError, match="learning_rate must be a positive number. Received: "):
            optimizer.learning_rate = rate
    assert optimizer.learning_rate == 0.1


RULES = [
    lambda: SGD(0.1),
    lambda: SGD(0.05, momentum=0.5),
    lambda: SGD(0.05, momentum=0.5, nesterov=True),
    lambda: RMSprop(0.05),
    lambda: Adam(0.1),
    lambda: AdamW(0.1, 0.1),
]
each = pytest.mark.parametrize("make", RULES, ids=["sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw"])


@each
def test_every_rule_minimises_a_quadratic_function(make):
    optimizer, w = make(), START.copy()
    for _ in range(300):
        optimizer.apply([2 * w], [w])
    assert np.abs(w).max() < 0.1 and optimizer.iterations == 300


def test_momentum_is_faster_along_a_narrow_valley():
    curvature, ends = np.array([1.0, 100.0]), []
    for momentum in (0.0, 0.9):
        optimizer, w = SGD(0.01, momentum), np.array([1.0, 1.0])
        for _ in range(100):
            optimizer.apply([curvature * w], [w])
        ends.append(np.abs(w).max())
    assert ends[1] < 0.1 * ends[0]


@each
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_steps_are_in_place_and_keep_the_dtype(make, dtype):
    optimizer, w = make(), START.astype(dtype)
    optimizer.apply([np.ones_like(w)], [w])
    assert w.dtype == dtype and (w < START).all()
    assert all(array.dtype == dtype for array in optimizer.state[0].values())


@each
def test_gradients_are_not_changed(make):
    optimizer, g = make(), np.ones((2, 2))
    for _ in range(3):
        optimizer.apply([g], [START.copy()])
    assert (g == 1).all()


@each
def test_each_array_has_a_separate_state(make, history):
    together, alone = make(), make()
    a, b, c = START.copy(), START.copy(), START.copy()
    for g in history:
        together.apply([10 * g, g], [a, b])
        alone.apply([g], [c])
    assert (b == c).all() and (a != b).any()


@each
@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda object: pickle.loads(pickle.dumps(object))])
def test_a_copy_goes_on_by_itself(make, duplicate, history):
    optimizer, w = make(), START.copy()
    optimizer.apply([history[0]], [w])
    other, v = duplicate(optimizer), w.copy()
    optimizer.apply([history[1]], [w])
    for name, array in optimizer.state[0].items():
        assert (array != other.state[0][name]).all()
    other.apply([history[1]], [v])
    assert (w == v).all()
    for name, array in optimizer.state[0].items():
        assert (array == other.state[0][name]).all()


@each
def test_the_state_follows_weights_that_became_float64(make):
    optimizer = make()
    optimizer.apply([np.ones(2, "float32")], [np.ones(2, "float32")])
    before = [array.copy() for array in optimizer.state[0].values()]
    w = np.ones(2)
    optimizer.build([w])
    assert all(array.dtype == "float64" for array in optimizer.state[0].values())
    assert all((old == new).all() for old, new in zip(before, optimizer.state[0].values()))


@each
def test_gradients_of_another_shape_or_number_are_an_error_and_change_nothing(make):
    optimizer, w = make(), START.copy()
    for gradients in ([np.ones((2, 1))], [], [np.ones((2, 2))] * 2):
        with pytest.raises(ValueError, match=r"Expected gradients .*\[\(2, 2\)\]. Received: \["):
            optimizer.apply(gradients, [w])
    assert (w == START).all() and optimizer.iterations == 0


@each
def test_another_networks_variables_are_an_error(make):
    optimizer = make()
    optimizer.apply([np.ones((2, 2))], [START.copy()])
    with pytest.raises(ValueError, match=r"built for variables of shapes \[\(2, 2\)\]. Received: \[\(3,\)\]"):
        optimizer.apply([np.ones(3)], [np.ones(3)])
    assert optimizer.iterations == 1


@pytest.mark.parametrize("optimizer", [SGD(momentum=0.9), RMSprop(), Adam()], ids=["sgd", "rmsprop", "adam"])
def test_building_makes_a_state_of_zeros_and_leaves_one_that_is_there(optimizer):
    w = START.copy()
    optimizer.build([w])
    assert optimizer.iterations == 0 and list(optimizer.state[0]) == list(optimizer.slots)
    assert all(array.shape == w.shape and not array.any() for array in optimizer.state[0].values())
    optimizer.apply([np.ones_like(w)], [w])
    kept = {name: array.copy() for name, array in optimizer.state[0].items()}
    optimizer.build([w])
    for name, array in optimizer.state[0].items():
        np.testing.assert_array_equal(array, kept[name])
    with pytest.raises(ValueError, match="built for variables of shapes"):
        optimizer.build([np.zeros(3)])


@pytest.mark.parametrize("cls", [SGD, RMSprop, Adam, AdamW])
@pytest.mark.parametrize(
    "rate", [0, -0.1, float("nan"), float("inf"), None, "0.1", lambda step: 0.1], ids=lambda rate: type(rate).__name__
)
def test_a_learning_rate_that_is_not_a_positive_number_is_an_error(cls, rate):
    with pytest.raises(ValueError, match="learning_rate must be a positive number. Received: "):
        cls(rate)


@pytest.mark.parametrize("cls", [SGD, RMSprop, Adam, AdamW])
@pytest.mark.parametrize("decay", [-0.1, float("nan"), "0.1", True])
def test_a_weight_decay_that_is_not_a_number_of_at_least_0_is_an_error(cls, decay):
    with pytest.raises(ValueError, match="weight_decay must be a finite number of at least 0. Received: "):
        cls(weight_decay=decay)


@pytest.mark.parametrize("cls, name", [(SGD, "momentum"), (RMSprop, "rho"), (Adam, "beta_1"), (Adam, "beta_2")])
@pytest.mark.parametrize("value", [-0.1, 1.0, 2, float("nan"), "0.9"])
def test_a_share_outside_0_to_1_is_an_error(cls, name, value):
    with pytest.raises(ValueError, match=f"{name} must be at least 0 and below 1. Received: {value!r}"):
        cls(**{name: value})


@pytest.mark.parametrize("cls", [RMSprop, Adam])
@pytest.mark.parametrize("epsilon", [-1, "1e-7", None])
def test_an_epsilon_that_is_not_a_number_of_at_least_0_is_an_error(cls, epsilon):
    with pytest.raises(ValueError, match=f"epsilon must be .*Received: {epsilon!r}"):
        cls(epsilon=epsilon)


def test_names_and_unknown_names():
    assert [type(optimizers.get(name)) for name in optimizers.OPTIMIZERS] == [SGD, RMSprop, Adam, AdamW]
    assert [type(optimizers.get(name)) for name in ("SGD", "RMSprop", "ADAM", "AdamW")] == [SGD, RMSprop, Adam, AdamW]
    with pytest.raises(ValueError, match="Unknown optimizer: expected one of adam, adamw, rmsprop.* Received: 'lion'"):
        optimizers.get("lion")
    with pytest.raises(TypeError, match="Unknown optimizer.*Received: 0.1 of type float"):
        optimizers.get(0.1)


def test_the_base_class_has_no_rule():
    with pytest.raises(NotImplementedError):
        optimizers.Optimizer(0.1).apply([np.ones(2)], [np.ones(2)])


# ------------------------------------------------------------------ blocks and negligible numbers


@each
@pytest.mark.parametrize("order", ["C", "F"])
def test_large_arrays_are_changed_block_by_block_as_a_whole_would_be(make, order, monkeypatch, rng):
    w, gs = rng.normal(size=(37, 5)), rng.normal(size=(3, 37, 5))
    results = []
    for block in (10**6, 11, 1):
        monkeypatch.setattr(memory, "BLOCK", block)
        optimizer, mine = make(), np.array(w, order=order)
        for g in gs:
            optimizer.apply([g], [mine])
        results.append(mine)
    assert np.array_equal(results[0], results[1]) and np.array_equal(results[0], results[2])
    assert not np.array_equal(results[0], w)


@each
@pytest.mark.parametrize("block", [1, 4, 7, 1000])
def test_arrays_that_share_a_block_step_as_each_would_alone(make, block, monkeypatch, rng):
    monkeypatch.setattr(memory, "BLOCK", block)
    shapes = [(3, 2), (2,), (), (2, 5), (5,)]
    together, alone = make(), [make() for _ in shapes]
    mine, theirs = ([np.ones(shape) for shape in shapes] for _ in range(2))
    for _ in range(3):
        gradients = [rng.normal(size=shape) for shape in shapes]
        together.apply(gradients, mine)
        for optimizer, g, w in zip(alone, gradients, theirs):
            optimizer.apply([g], [w])
    assert all((a == b).all() for a, b in zip(mine, theirs)) and (mine[0] != 1).all()
    for ours, other in zip(together.state, alone):
        assert all((array == other.state[0][name]).all() for name, array in ours.items())


@pytest.mark.parametrize("dtypes", [("float32", "float64"), ("float64", "float32")])
def test_variables_of_two_precisions_keep_theirs_and_share_the_finer_state(dtypes):
    optimizer, variables = Adam(), [np.ones(3, dtype) for dtype in dtypes]
    optimizer.apply([np.ones(3, dtype) for dtype in dtypes], variables)
    assert tuple(w.dtype.name for w in variables) == dtypes and all((w < 1).all() for w in variables)
    assert all(array.dtype == "float64" for state in optimizer.state for array in state.values())
    np.testing.assert_allclose(*variables, rtol=1e-7)


@pytest.mark.parametrize("make", [lambda: Adam(), lambda: SGD(momentum=0.9), lambda: RMSprop()])
def test_slots_that_decay_never_become_subnormal(make):
    """Processors are up to a hundred times slower with subnormal numbers."""
    optimizer, w, zero = make(), np.ones((4, 3), "float32"), np.zeros((4, 3), "float32")
    optimizer.apply([np.full((4, 3), 1e-3, "float32")], [w])
    smallest = np.inf
    for _ in range(1500):
        optimizer.apply([zero], [w])
        sizes = np.abs(np.concatenate([array.ravel() for array in optimizer.state[0].values()]))
        smallest = min(smallest, sizes[sizes > 0].min(initial=np.inf))
    assert smallest >= np.finfo("float32").tiny
    for name in set(optimizer.slots) - {"v"}:  # Adam's v decays too slowly to be cleared here
        assert (optimizer.state[0][name] == 0).all()


@pytest.mark.parametrize("make", [lambda: Adam(), lambda: SGD(momentum=0.9), lambda: RMSprop()])
def test_every_block_of_every_slot_is_cleared(make, monkeypatch):
    monkeypatch.setattr(memory, "BLOCK", 4)
    optimizer, w = make(), [np.ones(shape, "float32") for shape in ((3, 2), (5,))]
    optimizer.build(w)
    for state in optimizer.state:
        for array in state.values():
            array[...] = np.finfo("float32").tiny
    optimizer.iterations = memory.CLEARING - 1
    optimizer.apply([np.zeros_like(array) for array in w], w)
    assert all((array == 0).all() for state in optimizer.state for array in state.values())


def test_clearing_does_not_touch_what_matters():
    optimizer, w = SGD(1.0, momentum=0.999), np.zeros(2)
    optimizer.apply([np.array([1e-200, 1.0])], [w])
    for _ in range(60):
        optimizer.apply([np.zeros(2)], [w])
    assert (optimizer.state[0]["velocity"] != 0).all()


def test_an_epsilon_of_zero_will_do():
    for make in (RMSprop, Adam):
        w = np.zeros(1)
        make(0.1, epsilon=0).apply([np.ones(1)], [w])
        assert w[0] < 0


def in_place(g, m):
    m *= 0.9
    m -= 0.1 * g
    return m


def added_to(g, m):
    m += 0.3 * (g - m)
    return m


def divided(g, m):
    m += g**2
    m /= 1.5
    return g / (m**0.5 + 1e-3)


def set_anew(g, m):
    m[:] = 0.5 * m + g * 2.0
    return -1.0 * (m / ((g**2 + m**2) ** 0.5 + 1.0))


def deep(g, m):
    return (g + m) * 0.5 - (g - m) ** 2 / (1.0 * (g**2 + 1.0) + (m**2 + 1.0))


@pytest.mark.parametrize("rule", [in_place, added_to, divided, set_anew, deep])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_user_defined_rule_does_what_it_does_with_arrays(rule, dtype, rng):
    """However its results share memory, a rule gives NumPy's numbers, and updates its slots in place."""

    class Own(Optimizer):
        slots = ("m",)

        def step(self, g, m):
            return rule(g, m)

    shapes = [(30, 40), (40,), (300, 300)]
    gradients = [rng.normal(size=shape).astype(dtype) for shape in shapes]
    ours, theirs = ([np.ones(shape, dtype) for shape in shapes] for _ in range(2))
    kept = [np.zeros(shape, dtype) for shape in shapes]
    optimizer = Own(0.1)
    for _ in range(3):
        optimizer.apply(gradients, ours)
        for w, g, m in zip(theirs, gradients, kept):
            w += rule(g, m)
    for w, expected, state, m in zip(ours, theirs, optimizer.state, kept):
        assert np.array_equal(w, expected) and np.array_equal(state["m"], m)


def test_a_rule_computes_in_the_finer_of_two_precisions(rng):
    """With a large float32 and a float64 array, no intermediate result is rounded, however many are spare."""

    class Own(Optimizer):
        slots = ("m",)

        def step(self, g, m):
            return deep(g, m)

    shapes, dtypes = [(300, 300), (300,)], ["float32", "float64"]
    gradients = [rng.normal(size=shape).astype(dtype) for shape, dtype in zip(shapes, dtypes)]
    weights = [np.zeros(shape, dtype) for shape, dtype in zip(shapes, dtypes)]
    Own(0.1).apply(gradients, weights)
    g = gradients[0].astype("float64")
    assert np.array_equal(weights[0], deep(g, np.zeros_like(g)).astype("float32"))
