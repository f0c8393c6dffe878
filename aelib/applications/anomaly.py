"""An anomaly detector learns what is normal, and measures how far from it an example is.

Three detectors, one idea: each has an answer to every example, and the error of its answer is the score. The mean
of the normals, always the same answer; its best linear reconstruction; an autoencoder's. They are scikit-learn
estimators: fitted on normals alone, a high score is normal, and -1 is an alarm. Imports scikit-learn.
"""

import numbers
import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.base import BaseEstimator, OutlierMixin, clone
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from aelib.checks import not_masked, not_negative_integer, positive_integer, share
from aelib.nn import Sequential
from aelib.nn.callbacks import EarlyStopping
from aelib.nn.layers import Dense, Input
from aelib.nn.optimizers import Adam

SMALLEST_SPREAD = 1e-6  # of a feature, in the scaler's units: keeps the division by a constant feature finite
SMALLEST_LENGTH = 1e-12  # squared, of an example whose error is divided by it
ROUNDING = 100  # units in the last place of an example's length; with all components, PCA errs by 15
DWARFED = 100  # a threshold of so many median errors is a mistyped row's; of real data at most 11 (breast cancer)


@dataclass(eq=False, repr=False, kw_only=True)
class NormalsDetector(OutlierMixin, BaseEstimator):
    """What the three detectors share: the protocol that keeps validation normals out of training.

    `fit` splits the normals. The scaler and the model see the training part only; the threshold is the k-th largest
    error of the m others, with k = ⌊rate · (m + 1)⌋. A new normal exceeds it with probability k / (m + 1), as long
    as it comes from where they came from: see the chapter on anomalies. A subclass says how an example, as the scaler
    gives it, is reconstructed: `_fit_reconstruction` and `_reconstruct`.

    Parameters
    ----------
    false_alarm_rate : float
        The share of normals that may raise an alarm, above 0 and at most 0.5. It is not scikit-learn's
        `contamination`, the share of anomalies *in the training data*: here there are none.
    validation_fraction : float
        The share of the normals that sets the threshold and does not train.
    scaler : {"standard", None} or transformer
        Fitted on training normals. `None` takes the features as they are.
    relative : bool
        Whether an example's error is divided by its own squared length, in the scaler's units.
    random_state : int, RandomState or None
        For the split, and for all else that is random. `None` draws fresh entropy.

    Attributes
    ----------
    threshold_ : float
        The error above which an example raises an alarm.
    offset_ : float
        Minus the threshold: `decision_function` is `score_samples` minus this.
    promised_rate_ : float
        k / (m + 1), the expected share of false alarms among new normals.
    validation_errors_ : ndarray, shape (m,)
        The errors of the normals that set the threshold.
    n_features_in_ : int
    """

    false_alarm_rate: float = 0.05
    validation_fraction: float = 0.2
    scaler: object = "standard"
    relative: bool = False
    random_state: object = None

    def fit(self, X, y=None, X_val=None):
        """Learn what is normal, and where to raise an alarm.

        Parameters
        ----------
        X : array_like, shape (n, features)
            Normals only.
        y : None or array_like, shape (n,)
            Ignored, since all examples are normals; it is there for scikit-learn's pipelines.
        X_val : array_like, shape (m, features), or None
            Normals that only set the threshold. `None` takes `validation_fraction` of `X`, at random by rows: where
            several rows come from one patient, split by patient yourself and pass the other part here.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If the data hold NaN, infinity or masked values, are too few, or a parameter is out of its range; if `y`
            holds examples, or `X_val` the same ones as `X`.

        Warns
        -----
        UserWarning
            If the validation normals are too few for the rate: then the largest of their errors is the threshold.
            Also if the threshold dwarfs the errors of most, as after a mistyped row, or is 0.
        """
        X = validate_data(
            self,
            not_masked("X", X),
            dtype=[np.float64, np.float32],
            ensure_min_samples=3 if X_val is None else 2,
        )
        if y is not None and np.asarray(y).shape != X.shape[:1]:
            raise ValueError(
                f"y must be None or labels of shape {X.shape[:1]}, which are ignored. "
                f"Received: shape {np.asarray(y).shape}. Validation normals are passed by name: fit(X, X_val=...)."
            )
        share("false_alarm_rate", self.false_alarm_rate, 0.5)
        if not isinstance(self.relative, (bool, np.bool_)):
            raise ValueError(f"relative must be True or False. Received: {self.relative!r}.")
        random_state = self._new_random_state()
        if X_val is None:
            share("validation_fraction", self.validation_fraction, 0.9)
            X, X_val = train_test_split(X, test_size=self.validation_fraction, random_state=random_state)
        else:
            X_val = validate_data(self, not_masked("X_val", X_val), dtype=[np.float64, np.float32], reset=False)
            if np.array_equal(X, X_val):
                raise ValueError("X_val must hold other normals than X. Received: the same.")
        self.scaler_ = self._new_scaler().fit(X)
        Z, Z_val = self._scaled(X), self._scaled(X_val)
        self._fit_reconstruction(Z, Z_val, random_state)
        squares = np.square(Z_val - self._reconstruct(Z_val)).mean(axis=0, dtype="float64")
        self.feature_spread_ = np.maximum(np.sqrt(squares), SMALLEST_SPREAD)  # (features,)
        self.validation_errors_ = self._errors(Z_val)
        if not np.isfinite(self.validation_errors_).all():
            raise ValueError(
                "Expected finite errors of the validation normals. "
                f"Received: {np.sum(~np.isfinite(self.validation_errors_))} that are not. Scale the features."
            )
        self._set_threshold()
        return self

    def _new_random_state(self):
        if self.random_state is None:  # fresh entropy, where scikit-learn would take NumPy's global generator
            return np.random.RandomState()
        return check_random_state(self.random_state)

    def _new_scaler(self):
        if self.scaler is None:
            return FunctionTransformer()
        if isinstance(self.scaler, str) and self.scaler == "standard":
            return StandardScaler()
        if not hasattr(self.scaler, "transform"):
            raise ValueError(f"scaler must be 'standard', None or a transformer. Received: {self.scaler!r}.")
        return clone(self.scaler)

    def _set_threshold(self):
        m = len(self.validation_errors_)
        alarms = int(self.false_alarm_rate * (m + 1) + 1e-9)  # k; 0.05 · 20 is to be 1, whatever the rounding
        if alarms == 0:
            warnings.warn(
                f"A false_alarm_rate of {self.false_alarm_rate} needs {int(np.ceil(1 / self.false_alarm_rate)) - 1} "
                f"validation normals or more. Received: {m}. The threshold is the largest of their errors, and the "
                f"expected rate {1 / (m + 1):.3f}.",
                UserWarning,
                stacklevel=3,
            )
        alarms = max(alarms, 1)
        self.threshold_ = float(np.sort(self.validation_errors_)[m - alarms])
        self.offset_ = -self.threshold_
        self.promised_rate_ = alarms / (m + 1)
        self._question_threshold()

    def _question_threshold(self):
        """Warn of a threshold that will hide anomalies, or that has nothing to tell them from."""
        median = float(np.median(self.validation_errors_))
        if self.threshold_ == 0:
            message = "The validation normals are reconstructed exactly, so that any other error raises an alarm."
        elif self.threshold_ > DWARFED * median:
            message = (
                "The largest validation errors dwarf the rest, and a detector with such a threshold overlooks anomalies. "
                "Look for mistyped rows among the normals."
            )
        else:
            return
        warnings.warn(
            f"{message} Received: a threshold of {self.threshold_:.3g}, where the median error is {median:.3g}.",
            UserWarning,
            stacklevel=4,
        )

    def _scaled(self, X):
        """What the scaler makes of examples, or say that a detector cannot use it."""
        Z = np.asarray(self.scaler_.transform(X))
        if Z.ndim != 2 or Z.dtype.kind != "f" or not np.isfinite(Z).all():
            raise ValueError(
                "Expected the scaler to make a matrix of finite floating-point numbers. "
                f"Received: dtype {Z.dtype}, shape {Z.shape}, from {self.scaler!r}."
            )
        return Z

    def _prepare(self, X):
        """Examples in the scaler's units, shape (n, features)."""
        check_is_fitted(self)
        return self._scaled(validate_data(self, not_masked("X", X), dtype=[np.float64, np.float32], reset=False))

    def _errors(self, Z):
        difference = Z - self._reconstruct(Z)
        squared = np.einsum("ij,ij->i", difference, difference, dtype="float64")  # (n,)
        length = np.einsum("ij,ij->i", Z, Z, dtype="float64")
        # An error that is only rounding is none: no threshold is to be made of it, and no alarm.
        rounding = np.square(ROUNDING * np.finfo(difference.dtype).eps) * length
        squared[(squared <= rounding) & (length < np.inf)] = 0
        return squared / (np.maximum(length, SMALLEST_LENGTH) if self.relative else Z.shape[1])

    def reconstruct(self, X):
        """Return what the detector answers to each example, in the units of `X`, shape (n, features)."""
        check_is_fitted(self)
        if not hasattr(self.scaler_, "inverse_transform"):
            raise ValueError(f"reconstruct needs a scaler with inverse_transform. Received: {self.scaler!r}.")
        return self.scaler_.inverse_transform(self._reconstruct(self._prepare(X)))

    def score_samples(self, X):
        """Return minus the error of each example, shape (n,): high is normal.

        The error is the mean over the features of the squared difference of the example and its reconstruction, in
        the scaler's units; if `relative`, its sum divided by the squared length of the example.
        """
        return -self._errors(self._prepare(X))

    def decision_function(self, X):
        """Return the score above the threshold, shape (n,): negative raises an alarm."""
        return self.score_samples(X) - self.offset_

    def predict(self, X):
        """Return 1 for each example that is taken for normal and -1 for an alarm, shape (n,)."""
        return np.where(self.decision_function(X) >= 0, 1, -1)

    def feature_errors(self, X):
        """Return which feature raised the alarm.

        Parameters
        ----------
        X : array_like, shape (n, features)

        Returns
        -------
        ndarray, shape (n, features), float64
            The squared error of each feature, divided by the mean of that square over the validation normals: 1 is an
            error as normals have it.
        """
        Z = self._prepare(X)
        return np.square((Z - self._reconstruct(Z)) / self.feature_spread_, dtype="float64")


@dataclass(eq=False, repr=False)
class MeanDistanceDetector(NormalsDetector):
    """The distance to the mean of the normals: the baseline that a detector must beat.

    Parameters
    ----------
    metric : {"euclidean", "mahalanobis"}
        The second measures each direction by the spread of the training normals along it. Where they have none,
        as a constant feature has none, a millionth of their largest spread is taken, so that a step out of their
        plane raises an alarm.
    false_alarm_rate, validation_fraction, scaler, relative, random_state
        By keyword: see `NormalsDetector`. `relative` goes with the Euclidean distance only.

    Attributes
    ----------
    mean_ : ndarray, shape (features,)
        In the scaler's units.
    """

    metric: str = "euclidean"

    def _fit_reconstruction(self, Z, Z_val, random_state):
        if self.metric not in ("euclidean", "mahalanobis"):
            raise ValueError(f"metric must be 'euclidean' or 'mahalanobis'. Received: {self.metric!r}.")
        if self.metric == "mahalanobis" and self.relative:
            raise ValueError("relative goes with metric 'euclidean'. Received: relative=True with 'mahalanobis'.")
        self.mean_ = Z.mean(axis=0, dtype="float64")
        if self.metric == "mahalanobis":
            covariance = np.atleast_2d(np.cov(Z, rowvar=False, bias=True, dtype="float64"))
            variances, axes = np.linalg.eigh(covariance)
            smallest = SMALLEST_SPREAD**2 * (variances[-1] or 1)
            self.whitening_ = axes / np.sqrt(np.maximum(variances, smallest))  # (features, features)

    def _reconstruct(self, Z):
        return np.broadcast_to(self.mean_, Z.shape)

    def _errors(self, Z):
        if self.metric == "euclidean":
            return super()._errors(Z)
        return np.square((Z - self.mean_) @ self.whitening_).mean(axis=1)


@dataclass(eq=False, repr=False)
class PCADetector(NormalsDetector):
    """The error of the best linear reconstruction: what lies outside the principal components of the normals.

    Parameters
    ----------
    n_components : int or float
        How many components, fewer than the features, or the share of the training normals' variance that they are
        to explain; one direction is always left out, since without an error nothing would be an anomaly.
    false_alarm_rate, validation_fraction, scaler, relative, random_state
        By keyword: see `NormalsDetector`.

    Attributes
    ----------
    pca_ : sklearn.decomposition.PCA
    """

    n_components: float = 0.9

    def _fit_reconstruction(self, Z, Z_val, random_state):
        if isinstance(self.n_components, numbers.Integral) or not isinstance(self.n_components, numbers.Real):
            positive_integer("n_components", self.n_components)  # PCA checks a share itself
        Z, most = Z.astype("float64"), Z.shape[1] - 1
        self.pca_ = PCA(self.n_components, random_state=random_state).fit(Z)
        if self.pca_.n_components_ <= most:
            return
        if most == 0 or self.n_components > most:
            raise ValueError(
                f"n_components must be below the number of features. Received: {self.n_components}, and "
                f"{Z.shape[1]} feature(s), so that every example would be reconstructed exactly."
            )
        self.pca_ = PCA(most, random_state=random_state).fit(Z)

    def _reconstruct(self, Z):
        return self.pca_.inverse_transform(self.pca_.transform(Z))

    def encode(self, X):
        """Return each example's position along the components, shape (n, components)."""
        Z = self._prepare(X)
        return self.pca_.transform(Z)


@dataclass(eq=False, repr=False)
class AutoencoderDetector(NormalsDetector):
    """The error of an autoencoder that was trained on normals: a network of `aelib.nn.sequential`, in NumPy.

    Parameters
    ----------
    hidden_units : sequence of int
        The encoder's hidden layers; the decoder mirrors them.
    latent_dim : int
        The size of the code, which is linear.
    activation, output_activation : str or None
        Of the hidden layers and of the output. For pixels in [0, 1], a sigmoid with the cross-entropy.
    loss : str
    epochs, batch_size : int
    learning_rate : float
        Adam's.
    patience : int or None
        Stop when the loss on the validation normals has not improved for so many epochs, and go back to the best.
        They then choose the epoch as well as the threshold, and their errors are a little too small.
    false_alarm_rate, validation_fraction, scaler, relative, random_state
        By keyword: see `NormalsDetector`.

    Attributes
    ----------
    network_ : aelib.nn.sequential.Sequential
        Encoder and decoder in a row.
    encoder_ : aelib.nn.sequential.Sequential
        Its first half.
    history_ : dict of str to list of float
        The loss on training and validation normals after each epoch.
    """

    hidden_units: tuple = (16,)
    latent_dim: int = 2
    activation: str = "elu"
    output_activation: str | None = None
    loss: str = "mean_squared_error"
    epochs: int = 100
    batch_size: int = 32
    learning_rate: float = 3e-3
    patience: int | None = None

    def _fit_reconstruction(self, Z, Z_val, random_state):
        self._check_parameters(Z, Z_val)
        rng = np.random.default_rng(random_state.randint(2**31))
        features = Z.shape[1]
        hidden = [Dense(units, self.activation) for units in self.hidden_units]
        mirrored = [Dense(units, self.activation) for units in reversed(self.hidden_units)]
        self.encoder_ = Sequential([Input((features,)), *hidden, Dense(self.latent_dim)], rng=rng, dtype=Z.dtype)
        decoder = [*mirrored, Dense(features, self.output_activation)]
        self.network_ = Sequential([self.encoder_, *decoder], rng=rng, dtype=Z.dtype)
        self.network_.compile(Adam(self.learning_rate), self.loss)
        stop = [] if self.patience is None else [EarlyStopping(patience=self.patience, restore_best_weights=True)]
        history = self.network_.fit(
            Z, Z, self.batch_size, self.epochs, verbose=0, callbacks=stop, validation_data=(Z_val, Z_val)
        )
        self.history_ = history.history

    def _check_parameters(self, Z, Z_val):
        if not isinstance(self.hidden_units, (tuple, list)):
            raise ValueError(f"hidden_units must be a tuple or list, such as (16,). Received: {self.hidden_units!r}.")
        for units in self.hidden_units:
            positive_integer("each of hidden_units", units)
        positive_integer("latent_dim", self.latent_dim)
        if self.patience is not None:
            not_negative_integer("patience", self.patience)
        lowest, highest = min(Z.min(), Z_val.min()), max(Z.max(), Z_val.max())
        if self.loss == "binary_crossentropy" and (lowest < 0 or highest > 1):
            raise ValueError(
                "The loss binary_crossentropy expects features from 0 to 1, such as pixels divided by 255 and left as "
                f"they are by scaler=None. Received: from {lowest:.3g} to {highest:.3g}, with scaler={self.scaler!r}."
            )

    def _reconstruct(self, Z):
        return self.network_.predict(Z, batch_size=1000)

    def encode(self, X):
        """Return the code of each example, shape (n, latent_dim)."""
        Z = self._prepare(X)
        return self.encoder_.predict(Z, batch_size=1000)
