"""The detectors behave as scikit-learn's do, and their thresholds keep what they promise."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.covariance import EmpiricalCovariance
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import MinMaxScaler, StandardScaler
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
        ({"scaler": "minmax"}, "scaler must be 'standard', None or a transformer. Received: 'minmax'"),
        ({"metric": "cosine"}, "Received: 'cosine'"),
        ({"metric": "mahalanobis", "relative": True}, "relative goes with metric 'euclidean'"),
    ],
)
def test_parameters_out_of_range_are_named(normals, parameters, message):
    with pytest.raises(ValueError, match=message):
        MeanDistanceDetector(**parameters).fit(normals)


def test_validation_normals_of_another_width_are_refused(normals):
    with pytest.raises(ValueError, match="4 features, but .* 5 features"):
        PCADetector(2).fit(normals, X_val=normals[:, :4])


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
