"""What the models with a loss of their own share: they refuse what that loss would ignore, and explain a loss that is no number."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

LARGEST_EXPONENT = np.log(np.finfo("float32").max)  # above it exp overflows, 88.7


class OwnLossModel(keras.Model):
    """A Keras model that computes its loss itself, in `compute_loss`.

    A subclass says in `check_inputs` which data the loss is defined for, makes the loss NaN for all others, and
    calls `watch` in `compute_loss`. Arrays are then refused before the training begins. The batches of a dataset or a
    generator cannot be looked at beforehand: they are refused after the step that met them. The weights
    have changed by then, so build a new model before you train again.

    Raises
    ------
    ValueError
        If data are not what `check_inputs` expects, or `compile` or `fit` is given a loss, metrics or weights
        of examples, which would have no effect.
    FloatingPointError
        If the loss becomes NaN or infinite for any other reason.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self._seen = _Extremes()

    def check_inputs(self, x):
        """Raise a ValueError if an array cannot be data of this model; leave datasets alone."""

    def watch(self, targets, z_log_var=None):
        """Remember the range of a batch's targets and its largest log-variance, in case an error has to name them."""
        self._seen.note(targets, z_log_var)

    # ------------------------------------------------- what would have no effect

    def compile(self, optimizer="rmsprop", loss=None, loss_weights=None, metrics=None, weighted_metrics=None, **kwargs):
        """Choose the optimizer, as `keras.Model.compile` does; the loss and what is reported are the model's own."""
        refused = {"loss": loss, "loss_weights": loss_weights, "metrics": metrics, "weighted_metrics": weighted_metrics}
        for name, value in refused.items():
            if value is not None:
                raise ValueError(
                    f"Expected no {name}: a {type(self).__name__} computes its own loss. Received: {name}={value!r}."
                )
        super().compile(optimizer, **kwargs)

    def compile_from_config(self, config):
        """Compile a loaded model as the saved one was; Keras asks for this where `compile` is overridden."""
        self.compile(**keras.saving.deserialize_keras_object(config))
        if self.built:
            self.optimizer.build(self.trainable_variables)

    def fit(self, x=None, y=None, **kwargs):
        """Train, as `keras.Model.fit` does, after a look at the arrays."""
        self._check_data("x", x, "y", y, **kwargs)
        if kwargs.get("validation_data") is not None:
            x_val, y_val, weights = keras.utils.unpack_x_y_sample_weight(kwargs["validation_data"])
            self._check_data("validation_data", x_val, "validation_data", y_val, weights)
        return super().fit(x, y, **kwargs)

    def evaluate(self, x=None, y=None, **kwargs):
        """Measure the loss, as `keras.Model.evaluate` does, after a look at the arrays."""
        self._check_data("x", x, "y", y, **kwargs)
        return super().evaluate(x, y, **kwargs)

    def predict(self, x, *args, **kwargs):
        """Return what the model makes of data, as `keras.Model.predict` does, after a look at an array."""
        self._check_data("x", x, "y", None)
        return super().predict(x, *args, **kwargs)

    def _check_data(self, x_name, x, y_name, y, sample_weight=None, class_weight=None, **_):
        for name, weights in (("sample_weight", sample_weight), ("class_weight", class_weight)):
            if weights is not None:
                raise ValueError(
                    f"Expected no {name}: the loss weighs all examples alike. Received: {name} of type "
                    f"{type(weights).__name__}."
                )
        for name, data in ((x_name, x), (y_name, y)):
            if _is_list_of_numbers(data):
                raise ValueError(
                    f"Expected {name} to be an array, a tensor, a data frame, a dataset or a generator. "
                    "Received: a list of numbers; numpy.asarray makes it an array."
                )
            self.check_inputs(data)

    # ------------------------------------------------- a loss that is no number

    def make_train_function(self, force=False):
        """Make what Keras calls in each step of the training, with a look at the loss after it."""
        made = self.train_function
        super().make_train_function(force)
        if self.train_function is not made:
            self.train_function = self._followed_by_a_look(self.train_function)

    def make_test_function(self, force=False):
        """Make what Keras calls in each step of an evaluation, with a look at the loss after it."""
        made = self.test_function
        super().make_test_function(force)
        if self.test_function is not made:
            self.test_function = self._followed_by_a_look(self.test_function)

    def _followed_by_a_look(self, step):
        def step_and_look(iterator):
            logs = step(iterator)
            if not np.isfinite(logs["loss"]):
                self._explain(logs)
            return logs

        return step_and_look

    def _explain(self, logs):
        """Raise the error that says why the loss is not finite."""
        targets, log_var = self._seen.take()
        self.check_inputs(targets)
        terms = ", ".join(f"{name}={float(value):.4g}" for name, value in logs.items())
        cause = "The learning rate is probably too large, or a weight or an input is not finite."
        if log_var > LARGEST_EXPONENT:
            cause = (
                f"A log-variance has grown to {log_var:.4g}, and its exponential overflows above {LARGEST_EXPONENT:.1f}: "
                "a smaller learning rate or clipped gradients prevent that."
            )
        raise FloatingPointError(
            f"Expected a finite loss. Received: {terms}. {cause} The weights may be spoilt: build the model anew."
        )


class _Extremes:
    """The largest and the smallest target and the largest log-variance since the last look.

    They are kept in a variable, since a compiled step can only write, not raise. It is neither a weight of the
    model nor one of its metrics: files and reported numbers are the same without it.
    """

    def __init__(self):
        self.values = keras.Variable(np.full(4, -np.inf), trainable=False, dtype="float32", name="extremes")
        self.whole_numbers = False

    def note(self, targets, z_log_var):
        self.whole_numbers = "int" in keras.backend.standardize_dtype(targets.dtype)
        targets = ops.cast(targets, "float32")
        missing = ops.any(ops.isnan(targets))
        log_var = -np.inf if z_log_var is None else ops.max(_without_nan(ops.cast(z_log_var, "float32")))
        found = [
            ops.max(_without_nan(targets)),
            ops.max(_without_nan(-targets)),
            ops.where(missing, 1.0, -np.inf),
            log_var,
        ]
        self.values.assign(ops.maximum(self.values, ops.stack(found)))

    def take(self):
        """Return the extremes as one row of data that `check_inputs` can judge, and the log-variance; forget them."""
        largest, minus_smallest, missing, log_var = self.values.numpy()
        self.values.assign(np.full(4, -np.inf))
        row = np.array([[largest, -minus_smallest, np.nan]])[:, : 3 if missing > 0 else 2]
        return row.astype("int64") if self.whole_numbers else row, log_var


def _without_nan(values):
    return ops.where(ops.isnan(values), -np.inf, values)


def is_array(x):
    """Whether the numbers of x can be looked at: not those of a dataset, nor of a tensor that has no values yet."""
    return hasattr(x, "__array__") and (hasattr(x, "numpy") or not tf.is_tensor(x))


def as_array(x):
    """Return a list of numbers as an array, and anything else as it is."""
    return np.asarray(x, dtype="float32") if _is_list_of_numbers(x) else x


def real_numbers(name, x):
    """Return array-like data as an array, or say that they are not real numbers."""
    array = np.asarray(x)
    if array.dtype.kind not in "biuf" or isinstance(x, np.ma.MaskedArray):
        kind = "a masked array" if isinstance(x, np.ma.MaskedArray) else f"dtype {array.dtype}"
        raise ValueError(f"Expected {name} that are real numbers. Received: {kind}.")
    return array


def check_codes(codes, count, latent_dim):
    """Return array-like codes as an array, or say that they are not finite numbers of shape (count, latent_dim)."""
    codes = real_numbers("codes", codes)
    if codes.shape != (count, latent_dim):
        raise ValueError(f"Expected codes of shape ({count}, {latent_dim}). Received: shape {codes.shape}.")
    if bad := np.count_nonzero(~np.isfinite(codes)):
        raise ValueError(f"Expected finite codes. Received: {bad} values that are NaN or infinite.")
    return codes


def _is_list_of_numbers(x):
    listed = isinstance(x, (list, tuple))
    while isinstance(x, (list, tuple)) and len(x):
        x = x[0]
    return listed and np.isscalar(x)
