"""The detectors behave as scikit-learn's do, and their thresholds keep what they promise."""

import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.covariance import EmpiricalCovariance
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, Normalizer, OneHotEncoder, StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from aelib.applications.anomaly import AutoencoderDetector, MeanDistanceDetector, PCADetector
from aelib.nn import Sequential
from aelib.nn.layers import Dense, Input

DETECTORS = [
    MeanDistanceDetector(random_state=0),
    MeanDistanceDetector("mahalanobis", random_state=0),
    PCADetector(2, random_state=0),
    AutoencoderDetector((8,), 2, epochs=20, random_state=0),
]


@pytest.fixture
def normals(rng):
    """Correlated normals of 5 features on very different scales, shape (400, 5)."""
    return rng.normal(size=(400, 2)) @ rng.normal(size=(2, 5)) * [1, 10, 100, 1, 1] + rng.normal(size=(400, 5)) + 7


# ------------------------------------------------------------------------- the contract


@pytest.mark.filterwarnings("ignore:A false_alarm_rate of:UserWarning")  # many checks have 20 examples
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks(
    [
        MeanDistanceDetector(),
        MeanDistanceDetector("mahalanobis"),
        PCADetector(),
        AutoencoderDetector(epochs=10),
        AutoencoderDetector(epochs=10, patience=2, scaler=None, relative=True),
    ]
)
def test_scikit_learns_own_checks(estimator, check):
    state = np.random.get_state()  # some of the checks draw from the global generator
    try:
        check(estimator)
    finally:
        np.random.set_state(state)


@pytest.mark.parametrize("detector", DETECTORS, ids=str)
def test_shapes_and_signs(detector, normals):
    detector = clone(detector).fit(normals)
    far = normals[:5] + 1000.0
    assert detector.score_samples(normals).shape == (400,) and detector.score_samples(normals).dtype == "float64"
    assert detector.score_samples(far).max() < detector.score_samples(normals).min(), "high is normal"
    assert detector.predict(far).tolist() == [-1] * 5
    assert detector.reconstruct(normals).shape == detector.feature_errors(normals).shape == (400, 5)
    np.testing.assert_array_equal(detector.predict(normals) == 1, detector.decision_function(normals) >= 0)
    assert detector.offset_ == -detector.threshold_


@pytest.mark.parametrize("detector", DETECTORS, ids=str)
def test_a_detector_is_shown_and_compared_as_an_estimator(detector):
    assert repr(type(detector)(relative=True)) == f"{type(detector).__name__}(relative=True)"
    assert detector == detector and detector != clone(detector) and hash(detector)


def test_the_defaults_are_those_of_the_documentation():
    common = {
        "false_alarm_rate": 0.05,
        "validation_fraction": 0.2,
        "scaler": "standard",
        "relative": False,
        "random_state": None,
    }
    assert MeanDistanceDetector().get_params() == common | {"metric": "euclidean"}
    assert PCADetector().get_params() == common | {"n_components": 0.9}
    assert AutoencoderDetector().get_params() == common | {
        "hidden_units": (16,),
        "latent_dim": 2,
        "activation": "elu",
        "output_activation": None,
        "loss": "mean_squared_error",
        "epochs": 100,
        "batch_size": 32,
        "learning_rate": 3e-3,
        "patience": None,
    }


# ------------------------------------------------------------------------- bad input


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("detector", DETECTORS, ids=str)
def test_nan_and_infinity_are_refused_everywhere(detector, normals, bad):
    damaged = normals.copy()
    damaged[3, 1] = bad
    message = "NaN" if np.isnan(bad) else "infinity"
    for call in (lambda d: d.fit(damaged), lambda d: d.fit(normals, X_val=damaged)):
        with pytest.raises(ValueError, match=message):
            call(clone(detector))
    fitted = clone(detector).fit(normals)
    for method in (fitted.score_samples, fitted.predict, fitted.feature_errors, fitted.reconstruct):
        with pytest.raises(ValueError, match=message):
            method(damaged)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"false_alarm_rate": 0}, "false_alarm_rate must be"),
        ({"false_alarm_rate": 0.6}, "Received: 0.6"),
        ({"false_alarm_rate": "5 %"}, "Received: '5 %'"),
        ({"validation_fraction": 1.0}, "validation_fraction must be"),
        ({"validation_fraction": True}, "Received: True"),
        ({"scaler": np.ones(2)}, "scaler must be 'standard', None or a transformer. Received: array"),
        ({"scaler": "minmax"}, "scaler must be 'standard', None or a transformer. Received: 'minmax'"),
        ({"metric": "cosine"}, "Received: 'cosine'"),
        ({"metric": "mahalanobis", "relative": True}, "relative goes with metric 'euclidean'"),
    ],
)
def test_parameters_out_of_range_are_named(normals, parameters, message):
    with pytest.raises(ValueError, match=message):
        MeanDistanceDetector(**parameters).fit(normals)


@pytest.mark.parametrize(
    ("detector", "message"),
    [
        (MeanDistanceDetector(relative="yes"), "relative must be True or False. Received: 'yes'"),
        (
            MeanDistanceDetector(scaler=OneHotEncoder()),
            "Expected the scaler to make a matrix of finite .*OneHotEncoder",
        ),
        (MeanDistanceDetector(scaler=FunctionTransformer(lambda x: x / 0 * 0)), "matrix of finite floating-point"),
        (
            MeanDistanceDetector(scaler=FunctionTransformer(lambda x: x[:, 0])),
            r"Received: dtype float64, shape \(320,\)",
        ),
        (MeanDistanceDetector(scaler=FunctionTransformer(lambda x: x.astype(int))), "Received: dtype int64, shape"),
        (PCADetector(5), "n_components must be below the number of features. Received: 5, and 5 feature"),
        (PCADetector(0), "n_components must be a positive integer. Received: 0"),
        (PCADetector(None), "n_components must be a positive integer. Received: None"),
        (PCADetector("mle"), "n_components must be a positive integer. Received: 'mle'"),
        (PCADetector(1.0), "n_components.* Got 1.0"),
        (AutoencoderDetector(hidden_units=16), r"hidden_units must be a tuple or list, such as \(16,\). Received: 16"),
        (AutoencoderDetector(hidden_units="16"), "hidden_units must be a tuple or list"),
        (AutoencoderDetector(hidden_units=(8, 0)), "each of hidden_units must be a positive integer. Received: 0"),
        (AutoencoderDetector(latent_dim=0), "latent_dim must be a positive integer. Received: 0"),
        (AutoencoderDetector(patience=-1), "patience must be zero or a positive integer. Received: -1"),
        (AutoencoderDetector(loss="binary_crossentropy"), "features from 0 to 1.* with scaler='standard'"),
        (AutoencoderDetector(loss="binary_crossentropy", scaler=None), "features from 0 to 1.* with scaler=None"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero|invalid value:RuntimeWarning")
def test_parameters_that_cannot_work_are_named(normals, detector, message):
    with pytest.raises(ValueError, match=message):
        detector.set_params(random_state=0).fit(normals)


def test_pixels_of_the_validation_normals_are_looked_at_too(rng):
    detector = AutoencoderDetector(output_activation="sigmoid", loss="binary_crossentropy", scaler=None, epochs=1)
    pixels = rng.uniform(size=(120, 4))
    pixels[0] = 0, 0, 1, 1
    detector.fit(pixels)
    for others, message in ((255 * pixels, "from 0.* to 2"), (-pixels, "from -1 to 1")):
        with pytest.raises(ValueError, match=message):
            detector.fit(pixels, X_val=others)


def test_masked_values_are_refused_everywhere(normals):
    masked = np.ma.masked_greater(normals, 8)
    fitted = PCADetector(2, random_state=0).fit(normals)
    for call in (fitted.fit, fitted.score_samples, fitted.encode):
        with pytest.raises(ValueError, match=r"X must not be masked: .* Received: \d+ masked values"):
            call(masked)
    with pytest.raises(ValueError, match="X_val must not be masked"):
        PCADetector(2).fit(normals[:300], X_val=masked)


def test_validation_normals_go_by_name(normals):
    with pytest.raises(
        ValueError, match=r"labels of shape \(300,\).* Received: shape \(100, 5\). .*fit\(X, X_val=...\)"
    ):
        MeanDistanceDetector().fit(normals[:300], normals[300:])
    with pytest.raises(ValueError, match="X_val must hold other normals than X"):
        MeanDistanceDetector().fit(normals, X_val=normals.copy())
    with_labels = MeanDistanceDetector(random_state=0).fit(normals, np.ones(400))
    assert with_labels.threshold_ == MeanDistanceDetector(random_state=0).fit(normals).threshold_


@pytest.mark.parametrize("detector", [PCADetector(), AutoencoderDetector()], ids=str)
def test_what_is_not_fitted_encodes_nothing(detector, normals):
    for method in (detector.encode, detector.reconstruct):
        with pytest.raises(NotFittedError, match="not fitted yet"):
            method(normals)


def test_a_scaler_that_cannot_be_inverted_gives_scores_and_no_reconstruction(normals):
    detector = MeanDistanceDetector(scaler=Normalizer(), random_state=0).fit(normals)
    assert np.isfinite(detector.score_samples(normals)).all()
    with pytest.raises(ValueError, match=r"a scaler with inverse_transform. Received: Normalizer\(\)"):
        detector.reconstruct(normals)


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
def test_numbers_whose_squares_overflow_are_never_normal(normals):
    with pytest.raises(ValueError, match="Expected finite errors of the validation normals. Received: 80 that are not"):
        MeanDistanceDetector(scaler=None, random_state=0).fit(1e200 * normals)
    detector = PCADetector(2, random_state=0).fit(normals)
    assert detector.predict(1e200 * normals[:3]).tolist() == [-1] * 3


# ------------------------------------------------------------------ thresholds in question


@pytest.mark.parametrize("factor", [10, 1000])
@pytest.mark.parametrize("detector", DETECTORS, ids=str)
def test_a_mistyped_row_that_becomes_the_threshold_is_reported(detector, normals, factor):
    """A number too large by `factor`: with 19 validation normals the largest error is the threshold."""
    train, validation = normals[:300], normals[300:319].copy()
    clone(detector).fit(train, X_val=validation)  # as they are, no warning
    validation[4] *= factor
    if factor == 10 and isinstance(detector, PCADetector):
        validation[4, 3] *= 10  # it was moved within the plane of the components, which is no error
    with pytest.warns(UserWarning, match="dwarf the rest.*Look for mistyped rows.*the median error is") as warned:
        clone(detector).fit(train, X_val=validation)
    assert warned[0].filename == __file__


def test_a_mistyped_row_that_does_not_become_the_threshold_is_not(normals):
    validation = normals[300:340].copy()
    validation[4] *= 1000
    MeanDistanceDetector().fit(normals[:300], X_val=validation)


def test_a_threshold_of_a_hundred_median_errors_is_the_limit():
    """Two features at 0 and ±1 train a scaler that changes nothing, so that errors are squares of what we write."""
    train = np.array([[1.0], [-1.0]] * 5)
    for largest, warns in ((9.99, False), (10.01, True)):
        validation = np.append(np.ones(18), largest)[:, None]
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            MeanDistanceDetector().fit(train, X_val=validation)
        assert bool(caught) is warns


def test_rounding_is_no_error(normals):
    """A feature that is a sum of others: three components leave nothing, and nothing in their span is an alarm."""
    normals = normals[:, [0, 1, 3]]
    normals = np.column_stack([normals, normals.sum(axis=1)])
    with pytest.warns(UserWarning, match="reconstructed exactly.*Received: a threshold of 0"):
        detector = PCADetector(3, random_state=0).fit(normals)
    assert detector.threshold_ == 0
    for scale in (1e-3, 1, 1e6):
        assert (detector.predict(scale * normals) == 1).all()
    assert detector.predict(normals[:1] + [[0, 0, 0, 1e-6]]) == -1


def test_rounding_is_a_hundred_units_in_the_last_place():
    """The mean of the normals is 1 and they have length 1, so the error of 1 + d is d²."""
    eps = np.finfo(float).eps
    detector = MeanDistanceDetector(scaler=None).fit(np.ones((4, 1)), X_val=np.array([[0.5]] * 19))
    scores = -detector.score_samples([[1 + 100 * eps], [1 + 101 * eps], [1 - 101 * eps]])
    np.testing.assert_allclose(scores, np.square([0, 101 * eps, 101 * eps]))


def test_what_would_be_a_division_by_nothing(normals):
    """Features without spread and examples without length: the numbers that take their place."""
    normals = normals.copy()
    normals[:, 3] = 3.0
    zeros = MeanDistanceDetector(scaler=None, relative=True, random_state=0).fit(normals)
    np.testing.assert_allclose(-zeros.score_samples(np.zeros((1, 5))), np.sum(zeros.mean_**2) / 1e-12)
    moved = normals[:1] + [[0, 0, 0, 0.5, 0]]
    np.testing.assert_allclose(zeros.feature_errors(moved)[0, 3], (0.5 / 1e-6) ** 2)
    plane = MeanDistanceDetector("mahalanobis", scaler=None).fit(normals[:300], X_val=normals[300:])
    largest = np.linalg.eigvalsh(np.cov(normals[:300].T, bias=True))[-1]
    added = plane.score_samples(normals[:1]) - plane.score_samples(moved)
    np.testing.assert_allclose(added, 0.5**2 / (1e-12 * largest) / 5, rtol=1e-6)
    with pytest.warns(UserWarning, match="reconstructed exactly"):
        point = MeanDistanceDetector("mahalanobis", random_state=0).fit(np.ones((200, 2)))
    np.testing.assert_allclose(point.score_samples([[1.0, 1.5]]), -(0.5**2) / 1e-12 / 2)


def test_a_share_of_the_variance_leaves_a_direction_out(normals):
    detector = PCADetector(0.999999, random_state=0).fit(normals)
    assert detector.pca_.n_components_ == 4 and detector.threshold_ > 1e-3


@pytest.mark.parametrize("scaler", ["standard", None])
@pytest.mark.parametrize("detector", DETECTORS, ids=str)
def test_a_constant_feature_that_moves_raises_an_alarm(detector, normals, scaler):
    normals = normals.copy()
    normals[:, 3] = 3.0
    detector = clone(detector).set_params(scaler=scaler).fit(normals)
    moved = normals[:5].copy()
    moved[:, 3] = 1e6
    assert detector.predict(moved).tolist() == [-1] * 5


def test_mahalanobis_leaves_the_plane_of_dependent_features_at_a_price(normals):
    """A copy of a feature adds nothing to the distance as long as it is a copy."""
    plain = MeanDistanceDetector("mahalanobis", random_state=0).fit(normals)
    copied = MeanDistanceDetector("mahalanobis", random_state=0).fit(normals[:, [0, 1, 2, 3, 4, 4]])
    np.testing.assert_allclose(
        6 * copied.score_samples(normals[:, [0, 1, 2, 3, 4, 4]]), 5 * plain.score_samples(normals), rtol=1e-4
    )
    apart = normals[:3, [0, 1, 2, 3, 4, 4]]
    apart[:, 5] += 0.01
    assert copied.predict(apart).tolist() == [-1] * 3


def test_validation_normals_of_another_width_are_refused(normals):
    with pytest.raises(ValueError, match="4 features, but .* 5 features"):
        PCADetector(2).fit(normals, X_val=normals[:, :4])
    with pytest.raises(ValueError, match="4 features, but MeanDistanceDetector is expecting 5 features"):
        MeanDistanceDetector(scaler=None).fit(normals, X_val=normals[:, :4])


@pytest.mark.filterwarnings("ignore:A false_alarm_rate of:UserWarning")
@pytest.mark.filterwarnings("ignore:The largest validation errors:UserWarning")
def test_as_few_normals_as_can_be_split(normals):
    MeanDistanceDetector(random_state=0).fit(normals[:3])
    MeanDistanceDetector().fit(normals[:2], X_val=normals[2:30])
    with pytest.raises(ValueError, match=r"2 sample\(s\).* a minimum of 3 is required"):
        MeanDistanceDetector().fit(normals[:2])
    with pytest.raises(ValueError, match=r"1 sample\(s\).* a minimum of 2 is required"):
        MeanDistanceDetector().fit(normals[:1], X_val=normals[2:30])


def test_too_few_validation_normals_warn_and_say_what_is_left(normals):
    with pytest.warns(UserWarning, match=r"needs 19 validation normals or more. Received: 10. .* rate 0.091"):
        detector = MeanDistanceDetector().fit(normals[:300], X_val=normals[300:310])
    assert detector.promised_rate_ == pytest.approx(1 / 11)
    assert detector.threshold_ == detector.validation_errors_.max()


# ----------------------------------------------------------------------- the protocol


def test_validation_normals_train_nothing(normals):
    """Other validation normals move the threshold, and no score."""
    for detector in DETECTORS:
        a = clone(detector).fit(normals[:300], X_val=normals[300:])
        b = clone(detector).fit(normals[:300], X_val=3 * normals[300:])
        np.testing.assert_array_equal(a.score_samples(normals), b.score_samples(normals))
        assert b.threshold_ > 2 * a.threshold_
        np.testing.assert_allclose(a.validation_errors_, -a.score_samples(normals[300:]))


def test_the_scaler_sees_training_normals_only(normals):
    detector = MeanDistanceDetector(validation_fraction=0.25, random_state=3).fit(normals)
    train, validation = train_test_split(normals, test_size=0.25, random_state=np.random.RandomState(3))
    np.testing.assert_allclose(detector.scaler_.mean_, train.mean(axis=0))
    assert len(detector.validation_errors_) == len(validation) == 100


@pytest.mark.parametrize(("m", "rate", "k"), [(19, 0.05, 1), (39, 0.05, 2), (100, 0.05, 5), (99, 0.1, 10), (9, 0.5, 5)])
def test_the_threshold_is_the_kth_largest_validation_error(rng, m, rate, k):
    validation = rng.normal(size=(m, 3))
    detector = MeanDistanceDetector(false_alarm_rate=rate).fit(rng.normal(size=(50, 3)), X_val=validation)
    assert detector.promised_rate_ == k / (m + 1)
    assert np.sum(detector.validation_errors_ > detector.threshold_) == k - 1
    assert np.sum(detector.predict(validation) == -1) == k - 1, "the k-th itself is not above the threshold"


def test_the_false_alarms_are_as_many_as_promised(rng):
    """Over many draws of all normals, k / (m + 1) of the new ones raise an alarm: here 2 / 40."""
    rates = []
    for _ in range(300):
        draws = rng.normal(size=(59 + 200, 2))
        detector = MeanDistanceDetector(false_alarm_rate=0.05).fit(draws[:20], X_val=draws[20:59])
        rates.append(np.mean(detector.predict(draws[59:]) == -1))
    assert np.mean(rates) == pytest.approx(2 / 40, abs=0.008)  # 4 standard errors of the mean of 300


# --------------------------------------------------------------- against something else


def test_the_mean_distance_is_the_distance_to_the_mean(normals):
    train, new = normals[:300], normals[300:]
    detector = MeanDistanceDetector().fit(train, X_val=new)
    z = (new - train.mean(axis=0)) / train.std(axis=0)
    np.testing.assert_allclose(-detector.score_samples(new), np.mean(z**2, axis=1))
    np.testing.assert_allclose(detector.reconstruct(new), np.broadcast_to(train.mean(axis=0), new.shape))


def test_mahalanobis_is_scikit_learns_and_needs_no_scaler(normals):
    train, new = normals[:300], normals[300:]
    expected = EmpiricalCovariance().fit(train).mahalanobis(new) / 5
    for scaler in ("standard", None, MinMaxScaler()):
        detector = MeanDistanceDetector("mahalanobis", scaler=scaler).fit(train, X_val=new)
        np.testing.assert_allclose(-detector.score_samples(new), expected, rtol=1e-6)


def test_pca_is_scikit_learns(normals):
    train, new = normals[:300], normals[300:]
    detector = PCADetector(2).fit(train, X_val=new)
    scaler = StandardScaler().fit(train)
    z = scaler.transform(new)
    pca = PCA(2).fit(scaler.transform(train))
    back = pca.inverse_transform(pca.transform(z))
    np.testing.assert_allclose(-detector.score_samples(new), np.mean((z - back) ** 2, axis=1))
    np.testing.assert_allclose(detector.reconstruct(new), scaler.inverse_transform(back))
    np.testing.assert_allclose(np.abs(detector.encode(new)), np.abs(pca.transform(z)))


@pytest.mark.parametrize(
    "detector", [MeanDistanceDetector("mahalanobis", scaler=None), PCADetector(2, scaler=None)], ids=str
)
def test_statistics_of_single_precision_data_are_computed_in_double(detector, normals):
    single = (normals + 1000).astype("float32")  # the squares of the mean would hide the variances in seven digits
    scores, expected = (
        clone(detector).set_params(random_state=0).fit(x).score_samples(x) for x in (single, single.astype("float64"))
    )
    np.testing.assert_allclose(scores, expected, rtol=1e-6)


def test_a_linear_autoencoder_comes_near_pca(normals):
    """Its loss cannot be lower than PCA's on training normals, and training brings it close."""
    train = normals[:300]
    autoencoder = AutoencoderDetector((), 2, epochs=300, learning_rate=1e-2, random_state=0)
    a = -autoencoder.fit(train, X_val=normals[300:]).score_samples(train).mean()
    b = -PCADetector(2).fit(train, X_val=normals[300:]).score_samples(train).mean()
    assert b * (1 - 1e-9) <= a < 1.05 * b


def test_the_network_is_the_one_described(normals):
    """Encoder and decoder by hand, from the detector's own weights."""
    detector = AutoencoderDetector((8, 4), 2, "tanh", epochs=2, random_state=0).fit(normals)
    layers = [Dense(8, "tanh"), Dense(4, "tanh"), Dense(2), Dense(4, "tanh"), Dense(8, "tanh"), Dense(5)]
    twin = Sequential([Input((5,)), *layers], dtype="float64")
    twin.set_weights(detector.network_.get_weights())
    z = detector.scaler_.transform(normals)
    np.testing.assert_allclose(-detector.score_samples(normals), np.mean((z - twin.predict(z)) ** 2, axis=1))
    np.testing.assert_allclose(detector.encode(normals), Sequential(twin.layers[:3]).predict(z))
    assert len(detector.history_["val_loss"]) == 2


def test_patience_stops_at_the_best_epoch(normals):
    detector = AutoencoderDetector(epochs=200, learning_rate=0.1, patience=3, random_state=0).fit(normals)
    losses = detector.history_["val_loss"]
    assert len(losses) < 200 and min(losses) < losses[-1]
    np.testing.assert_allclose(detector.validation_errors_.mean(), min(losses))


def test_the_seed_decides_everything(normals):
    a, b, c = (AutoencoderDetector(epochs=3, random_state=s).fit(normals).score_samples(normals) for s in (0, 0, 1))
    np.testing.assert_array_equal(a, b)
    assert not np.allclose(a, c)


def test_images_stay_in_single_precision(rng):
    x = rng.uniform(size=(120, 9)).astype("float32")
    detector = AutoencoderDetector(
        (4,), 2, output_activation="sigmoid", loss="binary_crossentropy", scaler=None, epochs=2, random_state=0
    ).fit(x)
    assert detector.network_.dtype == "float32" and detector.reconstruct(x).dtype == "float32"
    assert 0 <= detector.reconstruct(x).min() and detector.reconstruct(x).max() <= 1
    assert detector.score_samples(x).dtype == "float64"


def test_relative_divides_by_the_squared_length(normals):
    plain = PCADetector(2, scaler=None, random_state=0).fit(normals)
    relative = PCADetector(2, scaler=None, relative=True, random_state=0).fit(normals)
    expected = 5 * plain.score_samples(normals) / np.sum(normals**2, axis=1)
    np.testing.assert_allclose(relative.score_samples(normals), expected)
    assert np.isfinite(relative.score_samples(np.zeros((1, 5)))).all()
    assert relative.predict(np.zeros((1, 5))) == -1, "of nothing, everything is wrong"


def test_the_feature_that_was_changed_raised_the_alarm(normals):
    for detector in DETECTORS:
        detector = clone(detector).fit(normals[:300], X_val=normals[300:])
        np.testing.assert_allclose(detector.feature_errors(normals[300:]).mean(axis=0), 1.0)
        changed = normals[300:301].copy()
        changed[0, 3] += 100.0
        assert detector.feature_errors(changed).argmax() == 3


def test_a_feature_that_never_varied_gives_a_finite_alarm(rng):
    normals = np.column_stack([rng.normal(size=100), np.full(100, 2.0)])
    detector = MeanDistanceDetector(random_state=0).fit(normals)
    errors = detector.feature_errors([[0.0, 2.1]])
    assert np.isfinite(errors).all() and errors[0, 1] > 1e6
