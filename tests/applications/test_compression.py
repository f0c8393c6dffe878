"""A codec gives back what its decoder makes of the symbols, refuses every damaged file, and its rate has the right slopes."""

import struct
import zlib

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis.extra.numpy import arrays

from aelib.applications.compression import CHECKSUM, HEADER, LARGEST, TOTAL, Codec, LogisticRate, Prior

# ----------------------------------------------------------------------------- LogisticRate


def rate_of(units, rng):
    rate = LogisticRate(units, "float64")
    rate.mean[:] = rng.normal(size=units)
    rate.log_scale[:] = rng.normal(size=units)
    return rate


def test_the_probabilities_of_all_whole_numbers_add_up_to_one(rng):
    rate = rate_of(3, rng)
    numbers = np.repeat(np.arange(-400.0, 401)[:, None], 3, axis=1)
    np.testing.assert_allclose(np.exp2(-rate.forward(numbers)).sum(axis=0), 1, rtol=1e-12)


def test_the_bits_are_those_of_scipys_logistic_distribution(rng):
    from scipy.stats import logistic

    rate, y = rate_of(4, rng), 3 * rng.normal(size=(50, 4))
    distribution = logistic(rate.mean, np.exp(rate.log_scale))
    np.testing.assert_allclose(
        rate.forward(y), -np.log2(distribution.cdf(y + 0.5) - distribution.cdf(y - 0.5)), rtol=1e-6
    )


def test_the_gradients_are_the_slopes(rng, slope):
    rate, y = rate_of(3, rng), 3 * rng.normal(size=(5, 3))

    def bits(y, mean=rate.mean, log_scale=rate.log_scale):
        other = LogisticRate(3, "float64")
        other.mean[:], other.log_scale[:] = mean, log_scale
        return other.forward(y).sum() / len(y)

    rate.forward(y)
    by_code = rate.backward()
    np.testing.assert_allclose(by_code, slope(bits, y), atol=1e-7)
    np.testing.assert_allclose(rate.gradients[0], slope(lambda m: bits(y, mean=m), rate.mean), atol=1e-7)
    np.testing.assert_allclose(rate.gradients[1], slope(lambda s: bits(y, log_scale=s), rate.log_scale), atol=1e-7)


@pytest.mark.parametrize("far", [-1e4, -60.0, 60.0, 1e4])
def test_far_from_the_mean_the_rate_is_finite_and_pulls_back(far):
    rate = LogisticRate(1)
    bits, gradient = rate.forward(np.array([[far]], "float32")), rate.backward()
    assert bits.dtype == gradient.dtype == "float32" and np.isfinite(bits).all()
    assert np.isfinite(gradient).all() and np.sign(gradient) == np.sign(far)
    assert np.isfinite(rate.gradients).all()


def test_both_tails_keep_their_digits():
    """Far out the probability falls as exp(-|y|), times 2 sinh(1/2) from the width of the interval; also in float32."""
    y = np.array([[-40.0], [40.0]], "float32")
    expected = (40 - np.log(2 * np.sinh(0.5))) / np.log(2)
    np.testing.assert_allclose(LogisticRate(1).forward(y), expected, rtol=1e-5)


# ------------------------------------------------------------------------------------ Prior

symbols_of = arrays("int64", st.tuples(st.integers(1, 20), st.just(3)), elements=st.integers(-40, 40))
any_symbols = arrays("int64", st.tuples(st.integers(1, 20), st.just(3)), elements=st.integers(-LARGEST, LARGEST))


@hypothesis.given(symbols_of, st.one_of(symbols_of, any_symbols))
def test_every_code_comes_back_also_those_outside_the_tables(seen, symbols):
    prior = Prior.fit(seen)
    payload = prior.encode(symbols)
    np.testing.assert_array_equal(prior.decode(payload, len(symbols)), symbols)
    # two words of 32 bits at most beyond what the codes cost by their probabilities
    assert 8 * len(payload) < prior.bits(symbols).sum() + 70


def test_a_value_that_was_not_seen_has_one_count_and_so_has_the_escape():
    prior = Prior.fit(np.repeat([0, 2], 50)[:, None])
    seen, unseen, outside = prior.bits(np.array([[0], [1], [3]]))
    assert seen == pytest.approx(np.log2(104 / 51), abs=0.01)
    assert unseen == pytest.approx(np.log2(104), abs=0.01) and outside == pytest.approx(np.log2(104) + 32, abs=0.01)


def test_a_long_file_is_as_long_as_its_entropy(rng):
    symbols = np.rint(rng.normal(scale=(0.3, 2, 30), size=(20_000, 3))).astype("int64")
    prior = Prior.fit(symbols)
    bits = 8 * len(prior.encode(symbols))
    counts = [np.unique(column, return_counts=True)[1] / len(symbols) for column in symbols.T]
    entropy = len(symbols) * sum(-(p * np.log2(p)).sum() for p in counts)
    assert entropy <= bits < 1.005 * entropy  # the tables hold the counts of these very symbols
    assert bits == pytest.approx(prior.bits(symbols).sum(), rel=1e-3)
    assert len(symbols) * prior.entropies().sum() == pytest.approx(entropy, rel=0.01)


def test_random_bits_decode_to_draws_from_the_prior(rng):
    prior = Prior.fit(np.rint(rng.normal(3, 2, size=(5_000, 2))).astype("int64"))
    drawn, used = prior.sample(rng.bytes(40_000), 20_000)
    for column, low, table in zip(drawn.T, prior.lowest, prior.frequencies):
        shares = np.bincount(np.clip(column - low, 0, len(table) - 1), minlength=len(table)) / len(drawn)
        np.testing.assert_allclose(shares, table / TOTAL, atol=0.015)
    assert used == pytest.approx(len(drawn) * prior.entropies().sum(), rel=0.01)
    # and the other way round: the symbols cost as many bits as they used up
    assert 8 * len(prior.encode(drawn)) == pytest.approx(used, rel=0.01)


SYMBOLS = np.random.default_rng(0).integers(-9, 9, size=(30, 3))
PRIOR = Prior.fit(SYMBOLS)


@pytest.mark.parametrize(
    ("refused", "message"),
    [
        (lambda: LogisticRate(0), "units must be a positive integer. Received: 0"),
        (lambda: LogisticRate(3).forward(np.zeros((2, 4))), r"codes of shape \(n, 3\). Received: shape \(2, 4\)"),
        (lambda: Prior.fit(np.zeros((0, 3), int)), "n at least 1"),
        (lambda: Prior.fit(np.zeros(3, int)), r"Received: shape \(3,\)"),
        (lambda: Prior.fit(np.zeros((2, 3))), "Expected codes of whole numbers. Received: dtype float64"),
        (lambda: Prior.fit(np.full((2, 3), LARGEST + 1)), f"Expected codes between {-LARGEST} and {LARGEST}"),
        (lambda: Prior.fit([[0, 0, 0], [0, 0, TOTAL]]), "Use a larger step"),
        (lambda: Prior([0], [[TOTAL]]), f"of sum {TOTAL}"),
        (lambda: Prior([0], [[0, TOTAL]]), f"of sum {TOTAL}"),
        (lambda: Prior([0], [[1, 2]]), f"of sum {TOTAL}"),
        (lambda: Prior([0], [[[1, TOTAL - 1]]]), f"of sum {TOTAL}"),
        (lambda: Prior([], []), "a lowest value and a table for each"),
        (lambda: PRIOR.encode(np.zeros((2, 4), int)), r"Expected codes of shape \(n, 3\)"),
        (lambda: PRIOR.bits(np.zeros((2, 4), int)), r"Expected codes of shape \(n, 3\)"),
        (lambda: PRIOR.decode(PRIOR.encode(SYMBOLS), 29), "Expected the bytes of 29 codes"),
        (lambda: PRIOR.decode(PRIOR.encode(SYMBOLS), 31), "Expected the bytes of 31 codes"),
        (lambda: PRIOR.decode(b"12345", 1), "Expected words of 4 bytes. Received: 5 bytes"),
        (lambda: PRIOR.decode(b"1234\0\0\0\0", 1), "Expected bytes that encode wrote"),
        (lambda: PRIOR.sample(bytes(range(16)), 100), "Expected more bits than 100 codes use. Received: 128"),
        (lambda: Prior([0.5], [[TOTAL - 1, 1]]), r"lowest must be whole numbers between .* Received: \[0.5\]"),
        (lambda: Prior([[0]], [[TOTAL - 1, 1]]), r"lowest must be whole numbers between .* Received: \[\[0\]\]"),
        (lambda: Prior([-LARGEST - 1], [[TOTAL - 1, 1]]), f"lowest must be whole numbers between {-LARGEST} and"),
        (lambda: Prior([0], [[TOTAL - 0.5, 0.5]]), f"whole numbers of at least 1, of sum {TOTAL}"),
        (lambda: Prior([0], [["65535", "1"]]), "each of frequencies must be an array of real numbers"),
        (lambda: Prior([0, 1], [[TOTAL - 1, 1]]), "Received: 2 values and 1 tables"),
        (lambda: Prior.fit(None), "codes must be an array of real numbers. Received: dtype object"),
        (lambda: Prior.fit([[1, 2], [3]]), "codes must be an array, with rows of one length"),
        (lambda: Prior.fit(np.ones((2, 3), bool)), "Expected codes of whole numbers. Received: dtype bool"),
        (lambda: PRIOR.encode(np.ma.masked_equal(SYMBOLS, 3)), "codes must not be masked"),
        (lambda: PRIOR.sample(b"12345", 1), "Expected words of 4 bytes. Received: 5 bytes"),
        (lambda: LogisticRate(3, "int32"), "dtype must be a floating-point type. Received: 'int32'"),
        (lambda: LogisticRate(1).forward([[np.nan]]), "Expected finite codes, means and scales"),
        (lambda: LogisticRate(1).forward([[np.inf]]), "Expected finite codes, means and scales"),
        (lambda: LogisticRate(1).forward(np.array([[1j]])), "y must be an array of real numbers"),
        (lambda: Codec(len, len, 1, ["a"]), "Expected weights that are real numbers"),
        (lambda: Codec(None, None, 0), "step must be a positive number"),
        (lambda: Codec(None, None, np.nan), "step must be a positive number"),
    ],
)
def test_what_is_no_code_no_table_and_no_file_is_refused(refused, message):
    with pytest.raises(ValueError, match=message):
        refused()


@pytest.mark.parametrize("lowest", [LARGEST, -LARGEST])
def test_a_table_may_have_entries_of_1_and_begin_anywhere(lowest):
    prior, symbols = Prior([lowest], [[TOTAL - 2, 1, 1]]), lowest + np.arange(2)[:, None] * -np.sign(lowest)
    np.testing.assert_array_equal(prior.decode(prior.encode(symbols), 2), symbols)


def test_bits_that_end_in_zeros_are_decoded_like_others(rng):
    drawn, used = PRIOR.sample(rng.bytes(80) + bytes(8), 5)
    assert drawn.shape == (5, 3) and 0 < used < 8 * 88


@pytest.mark.parametrize("data", [None, "abcd", [1, 2, 3, 4], 5, 2.5])
def test_what_is_not_bytes_is_refused(data):
    kind = type(data).__name__
    for name, call in {
        "payload": lambda: PRIOR.decode(data, 1),
        "bits": lambda: PRIOR.sample(data, 1),
        "data": lambda: linear_codec().decompress(data),
    }.items():
        with pytest.raises(TypeError, match=f"{name} must be bytes. Received: {kind}"):
            call()


@pytest.mark.parametrize("form", [bytes, bytearray, memoryview, lambda data: np.frombuffer(data, "uint8")])
def test_bytes_may_come_in_any_form(form):
    np.testing.assert_array_equal(PRIOR.decode(form(PRIOR.encode(SYMBOLS)), 30), SYMBOLS)


def test_codes_that_leave_no_trace_do_not_say_how_many_they_are(images):
    """The first value of each table costs no bit on an empty coder, so that n is kept beside the bytes: in the header."""
    lowest = np.tile(PRIOR.lowest, (5, 1))
    for n in (1, 5):
        assert PRIOR.encode(lowest[:n]) == b""
        np.testing.assert_array_equal(PRIOR.decode(b"", n), lowest[:n])
    codec = linear_codec()
    data = bytearray(codec.compress(images))
    data[HEADER.size - 8] += 1
    with pytest.raises(ValueError, match="damaged or cut short"):
        codec.decompress(data)


def test_a_rate_whose_scale_is_nan_says_so():
    rate = LogisticRate(1)
    rate.log_scale[0] = np.nan
    with pytest.raises(ValueError, match="Expected finite codes, means and scales"):
        rate.forward([[1.0]])


def test_without_a_forward_pass_there_is_no_gradient():
    with pytest.raises(RuntimeError, match="Expected a forward pass before backward"):
        LogisticRate(3).backward()


# ------------------------------------------------------------------------------------ Codec

MATRIX = np.random.default_rng(7).normal(size=(6, 3))


def linear_codec(step=0.1, scale=1.0):
    """Six pixels to three numbers and back, tables from twenty random images."""
    weights = scale * np.linalg.pinv(MATRIX).astype("float32")
    codec = Codec(lambda x: x @ MATRIX, lambda codes: codes @ weights, step, [weights])
    return codec.fit(np.random.default_rng(8).random((20, 6)))


@pytest.fixture
def codec():
    return linear_codec()


@pytest.fixture
def images(rng):
    return rng.random((4, 6))


@pytest.mark.parametrize("factor", [1, 3, 1e6])
def test_images_come_back_exactly_as_the_decoder_makes_them(codec, images, factor):
    """Also images whose codes lie far outside everything that the tables have seen."""
    images = factor * images
    expected = codec.decoder((np.rint(images @ MATRIX / 0.1) * 0.1).astype("float32"))
    np.testing.assert_array_equal(codec.decompress(codec.compress(images)), expected)
    np.testing.assert_array_equal(codec.reconstruct(images), expected)
    assert np.abs(codec.quantise(images) * 0.1 - images @ MATRIX).max() <= 0.05 * (1 + 1e-9)


def test_one_image_and_images_of_rows_and_columns(rng):
    codec = Codec(lambda x: 9 * x.reshape(len(x), -1), lambda h: h.reshape(-1, 2, 3) / 9).fit(rng.random((9, 2, 3)))
    image = rng.random((1, 2, 3))
    decoded = codec.decompress(codec.compress(image))
    assert decoded.shape == (1, 2, 3) and np.abs(decoded - image).max() < 0.06


def test_a_file_is_written_and_read(codec, images, tmp_path):
    size = codec.write(tmp_path / "images.aelc", images)
    assert size == (tmp_path / "images.aelc").stat().st_size
    np.testing.assert_array_equal(codec.read(tmp_path / "images.aelc"), codec.reconstruct(images))


def test_the_file_is_laid_out_as_the_docstring_says(codec, images):
    data = codec.compress(images)
    assert HEADER.unpack_from(data) == (b"aelC", 2, 1, codec.digest, 4, len(data) - 30)
    assert struct.unpack_from("<I", data, HEADER.size) == (6,)
    assert CHECKSUM.unpack(data[-4:]) == (zlib.crc32(data[:-4]),)


def test_every_changed_byte_is_noticed(codec, images):
    data = codec.compress(images[:1])
    for place in range(len(data)):
        for change in range(1, 256):
            damaged = bytearray(data)
            damaged[place] ^= change
            with pytest.raises(ValueError, match="damaged or cut short|Expected a compressed file"):
                codec.decompress(damaged)


def test_every_truncation_and_every_addition_is_noticed(codec, images):
    data = codec.compress(images)
    for size in range(len(data)):
        with pytest.raises(ValueError):
            codec.decompress(data[:size])
    for more in (b"\0", b"\0\0\0\0", data):
        with pytest.raises(ValueError, match="damaged or cut short"):
            codec.decompress(data + more)


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n", b"aelC", b"AELC" + bytes(40)])
def test_a_foreign_file_is_refused(codec, data):
    with pytest.raises(ValueError, match="Expected a compressed file|Expected at least 26 bytes"):
        codec.decompress(data)


def sealed(body):
    """A body with the checksum that belongs to it."""
    return body + CHECKSUM.pack(zlib.crc32(body))


@pytest.mark.parametrize("version", [1, 3])
def test_another_version_is_refused(codec, images, version):
    body = bytearray(codec.compress(images)[:-4])
    body[4] = version
    with pytest.raises(ValueError, match=f"Expected version 2 of the format. Received: {version}"):
        codec.decompress(sealed(bytes(body)))


def test_lengths_that_contradict_each_other_are_refused(codec, images):
    body = codec.compress(images)[:-4]
    head, rest = HEADER.unpack_from(body), body[HEADER.size :]
    longer = HEADER.pack(*head[:-1], head[-1] + 4) + rest
    with pytest.raises(ValueError, match="bytes before the checksum"):
        codec.decompress(sealed(longer))
    fewer = HEADER.pack(*head[:-2], head[-2] - 1, head[-1]) + rest
    with pytest.raises(ValueError, match="Expected the bytes of 3 codes"):
        codec.decompress(sealed(fewer))
    of_seven_pixels = body[: HEADER.size] + struct.pack("<I", 7) + body[HEADER.size + 4 :]
    with pytest.raises(ValueError, match=r"make images of shape \(4, 7\). Received: \(4, 6\)"):
        codec.decompress(sealed(of_seven_pixels))


def test_a_file_of_another_codec_is_refused(codec, images, rng):
    other_decoder, other_step, other_tables = linear_codec(scale=1.001), linear_codec(step=0.2), linear_codec()
    other_step.prior = codec.prior
    other_tables.fit(rng.random((30, 6)))
    for other in (other_decoder, other_step, other_tables):
        with pytest.raises(ValueError, match=f"written by another codec.*Received: {codec.digest.hex()}"):
            other.decompress(codec.compress(images))


@pytest.mark.parametrize(
    "change",
    [lambda x: 0 * x, lambda x: -x, lambda x: 1.01 * x, lambda x: x + 0.02, lambda x: x[:, ::-1], lambda x: np.tanh(x)],
    ids=["nothing", "negative", "brighter", "lighter", "mirrored", "bounded"],
)
def test_a_decoder_that_was_changed_does_not_read_old_files(images, change):
    """Without weights it is known by what it computes."""
    codec = linear_codec()
    codec.decoder_weights = []
    data, before = codec.compress(images), codec.decoder
    codec.decoder = lambda codes: change(before(codes))
    with pytest.raises(ValueError, match="written by another codec.*another decoder"):
        codec.decompress(data)


def test_a_decoder_that_was_trained_further_does_not_read_old_files(images):
    """The weights are looked at when they are needed, not when the codec was made."""
    codec = linear_codec()
    data = codec.compress(images)
    codec.decoder_weights[0][0, 0] += 1e-6
    with pytest.raises(ValueError, match="written by another codec"):
        codec.decompress(data)


def test_a_decoder_that_rounds_differently_reads_the_files_of_the_other(codec, images, rng):
    data, before = codec.compress(images), codec.decoder
    codec.decoder = lambda codes: before(codes) * (1 + 1e-5 * rng.normal(size=(len(codes), 6)))
    np.testing.assert_allclose(codec.decompress(data), codec.reconstruct(images), rtol=1e-3)


STORED = "61656c430201f7c8dc043e7270bf020000000800000003000000d27954b04f020000dbfe911b"


def codec_of_eighths(**changes):
    arguments = {"step": 0.5, "decoder_weights": [np.array([[1, 2]], "float32")]} | changes
    codec = Codec(lambda x: 8 * x, lambda codes: codes / 8, **arguments)
    return codec.fit(np.arange(12.0).reshape(4, 3) / 8)


def test_a_file_of_long_ago_is_read():
    """Of this version of the format: if the digest or the probes change, the version has to change."""
    codec, images = codec_of_eighths(), [[0.375, 0.5, 0.625], [0.75, 0.875, 1.0]]
    assert codec.decompress(bytes.fromhex(STORED)).tolist() == images
    assert codec.compress(images)[:10].hex() == STORED[:20], "header and hash"
    for changes in ({"step": 0.25}, {"decoder_weights": []}, {"decoder_weights": [np.array([[1, 2]], "float64")]}):
        with pytest.raises(ValueError, match="written by another codec"):
            codec_of_eighths(**changes).decompress(bytes.fromhex(STORED))


def test_what_counts_as_rounding_of_the_decoder_is_a_thousandth(rng):
    """A decoder that adds the probes' direction, by a share of the images' length, moves their number by that share."""
    codec = codec_of_eighths()
    probes = []
    codec.decoder = lambda codes: probes.append(codes / 8) or codes / 8
    digest = codec.digest
    direction = np.cos(np.arange(probes[0].size)).reshape(probes[0].shape)
    assert struct.unpack("<f", digest[4:])[0] == pytest.approx(np.vdot(probes[0], direction), rel=1e-6)
    away = np.linalg.norm(probes[0]) * direction / np.square(direction).sum()
    data = bytes.fromhex(STORED)
    for share, known in ((0.0009, True), (-0.0009, True), (0.0011, False), (-0.0011, False)):

        def decoder(codes, share=share):
            return codes / 8 + (share * away if len(codes) == len(away) else 0)

        codec.decoder = decoder
        if known:
            codec.decompress(data)
        else:
            with pytest.raises(ValueError, match="written by another codec"):
                codec.decompress(data)


def test_the_step_is_1_by_default():
    assert Codec(len, len).step == 1 and Codec(len, len).decoder_weights == []


def test_the_header_has_the_size_that_the_book_counts():
    assert HEADER.size + CHECKSUM.size == 26


def test_a_codec_made_again_reads_the_files_of_the_first(codec, images):
    np.testing.assert_array_equal(linear_codec().decompress(codec.compress(images)), codec.reconstruct(images))


def test_bad_images_are_errors(codec):
    for images in (np.zeros((0, 6)), np.zeros(6)):
        with pytest.raises(ValueError, match=r"Expected images of shape \(n, …\) with n at least 1"):
            codec.compress(images)
    for value in (np.nan, np.inf, 1e300):
        with pytest.raises(
            ValueError, match="Expected codes that are finite and below 2147483647 steps. Received: 3 that"
        ):
            codec.compress(np.array([[value, 0, 0, 0, 0, 0]]))
    for images, message in (
        (np.zeros((2, 6), "uint8"), "floating-point numbers, on the scale .* Received: dtype uint8"),
        ([[0, 1, 0, 1, 0, 1]], "floating-point numbers.* Received: dtype int64"),
        (None, "images must be an array of real numbers. Received: dtype object"),
        (np.zeros((2, 6), complex), "images must be an array of real numbers. Received: dtype complex128"),
        ([[0.5], [0.5, 0.5]], "images must be an array, with rows of one length"),
        (np.ma.masked_less(np.zeros((2, 6)), 1), "images must not be masked.* Received: 12 masked values"),
    ):
        for call in (codec.fit, codec.quantise, codec.reconstruct, codec.compress):
            with pytest.raises(ValueError, match=message):
                call(images)
    codec.encoder = lambda x: np.where(x[:, :3] > 0.5, 1.0, 0.0)
    with pytest.raises(ValueError, match="Expected finite images"):
        codec.compress(np.full((2, 6), np.nan))
    codec.encoder = lambda x: np.ma.masked_less(x, 1)
    with pytest.raises(ValueError, match="the encoder's codes must not be masked"):
        codec.compress(np.zeros((2, 6)))
    codec.encoder = lambda x: x[:, :, None]
    with pytest.raises(ValueError, match=r"Expected the encoder to make codes of shape \(2, units\)"):
        codec.compress(np.zeros((2, 6)))


def test_a_codec_without_tables_says_so():
    codec = Codec(lambda x: x, lambda x: x)
    for call in (lambda: codec.compress(np.zeros((1, 2))), lambda: codec.decompress(b""), lambda: codec.digest):
        with pytest.raises(RuntimeError, match="call fit"):
            call()


def test_a_codec_is_fitted_again(codec, images):
    codec.encoder, codec.decoder = lambda x: x, lambda codes: codes
    codec.fit(images)
    assert codec.prior.units == 6 and codec.decompress(codec.compress(images)).shape == (4, 6)


def test_lists_of_numbers_are_images(codec, images):
    assert codec.compress(images.tolist()) == codec.compress(images)


@pytest.mark.parametrize(
    ("decoder", "message"),
    [
        (lambda codes: codes.reshape(-1, 4), r"make images of shape \(1, 2, 2\). Received: \(1, 4\)"),
        (lambda codes: codes.reshape(-1, 2, 2)[:0], r"images of shape \(1, 2, 2\). Received: \(0, 2, 2\)"),
        (lambda codes: np.nan * codes.reshape(-1, 2, 2), "Expected the decoder to make finite images"),
        (lambda codes: None, "the decoder's images must be an array of real numbers. Received: dtype object"),
    ],
)
def test_a_decoder_that_does_not_fit_the_images_writes_no_file(rng, tmp_path, decoder, message):
    images = rng.random((9, 2, 2))
    good = Codec(lambda x: 9 * x.reshape(len(x), -1), lambda codes: codes.reshape(-1, 2, 2) / 9).fit(images)
    bad = Codec(good.encoder, decoder)
    with pytest.raises(ValueError, match=message):
        bad.fit(images)
    assert bad.prior is None
    bad.prior = good.prior
    with pytest.raises(ValueError, match=message):
        bad.write(tmp_path / "images.aelc", images)
    assert not (tmp_path / "images.aelc").exists()


def test_a_number_for_each_image_is_no_image(codec, images):
    codec.decoder = lambda codes: codes[:, 0]
    with pytest.raises(ValueError, match=r"make images of shape \(4, .….\). Received: \(4,\)"):
        codec.reconstruct(images)


def test_whole_numbers_for_the_decoder_are_checked(codec):
    for symbols, message in (
        ([[0.5, 0, 0]], "Expected codes of whole numbers"),
        (None, "codes must be an array"),
    ):
        with pytest.raises(ValueError, match=message):
            codec.dequantise(symbols)
    with pytest.raises(ValueError, match="within the range of float32. Received: a step of 1e[+]39 is too large"):
        Codec(len, len, 1e39).dequantise([[1]])
    assert Codec(len, len, 0.5).dequantise([[1, 2]]).tolist() == [[0.5, 1.0]]


@pytest.mark.parametrize("name", ["encoder", "decoder"])
def test_what_cannot_be_called_is_named(name):
    with pytest.raises(TypeError, match=f"{name} must be callable, such as {name}.predict. Received: 5"):
        Codec(**{"encoder": len, "decoder": len, name: 5})


def test_a_folder_is_no_file(codec, images, tmp_path):
    for call in (lambda: codec.write(tmp_path, images), lambda: codec.read(tmp_path)):
        with pytest.raises(IsADirectoryError, match=f"path must be that of a file. Received: the folder {tmp_path}"):
            call()
    with pytest.raises(FileNotFoundError, match="none.aelc"):
        codec.read(tmp_path / "none.aelc")
