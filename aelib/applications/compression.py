"""A code becomes a file: its numbers are rounded, packed into as few bits as their frequencies allow, and read back.

Three nouns. A `LogisticRate` says, while an autoencoder is trained, how many bits its code
will cost, and in which direction the code would have to move to cost fewer. A `Prior` is a
table of how often each unit takes each whole number; with it the entropy coder turns whole
numbers into bits and back. A `Codec` puts encoder, rounding, prior and decoder together,
and its files say when they are damaged or belong to another codec.

Whole numbers are all that is stored, and the tables are whole numbers too. So two machines
always agree on the symbols, bit for bit. The pixels are what the decoder makes of the
symbols in floating point, and there two machines may differ in the last rounding.
"""

import hashlib
import math
import pathlib
import struct
import zlib

import constriction
import numpy as np

from aelib.checks import positive_integer, positive_number, real_array, real_arrays

TOTAL = 1 << 16  # what the frequencies of a unit add up to
LARGEST = (1 << 31) - 1  # the largest whole number that a code may hold

PROBES = 4  # codes by whose images a file knows its decoder
TOLERANCE = 1e-3  # of those images' length: less than half a grey level, and more than machines differ in rounding

MAGIC, VERSION = b"aelC", 2
HEADER = struct.Struct("<4sBB8sII")  # magic, version, axes of an image, digest, images, bytes of payload
CHECKSUM = struct.Struct("<I")


class LogisticRate:
    """The bits that rounded codes will cost, as a function that has a gradient.

    Each unit `y` is thought to follow a logistic distribution with a mean `μ` and a scale
    `s` of its own. The probability of the whole number nearest to `y`, and its cost, are::

        p = a - b,   a = σ((y + 1/2 - μ) / s),   b = σ((y - 1/2 - μ) / s)
        bits = -log2 p

    The formulas hold for every real `y`, so the cost can be taken of codes with noise too,
    and it has simple slopes, since `a (1 - a) - b (1 - b) = (a - b) (1 - a - b)`::

        ∂bits/∂y     = (a + b - 1) / (s ln 2)
        ∂bits/∂μ     = -∂bits/∂y
        ∂bits/∂log s = [a (1 - a) (y + 1/2 - μ) - b (1 - b) (y - 1/2 - μ)] / (s p ln 2)

    The chapter *Compressing images* derives them.

    Parameters
    ----------
    units : int
        The size of the code.
    dtype : str or dtype
        The precision of `mean` and `log_scale`, a floating-point type.

    Attributes
    ----------
    mean, log_scale : ndarray, shape (units,)
        `μ` and `log s`, both to be trained; they start at 0.
    """

    def __init__(self, units, dtype="float32"):
        units = positive_integer("units", units)
        if np.dtype(dtype).kind != "f":
            raise ValueError(f"dtype must be a floating-point type. Received: {dtype!r}.")
        self.mean, self.log_scale = np.zeros(units, dtype), np.zeros(units, dtype)
        self.gradients = [None, None]
        self._kept = None

    @property
    def trainable_variables(self):
        """`[mean, log_scale]`, the arrays themselves."""
        return [self.mean, self.log_scale]

    def forward(self, y):
        """Return the bits of each unit of each code, shape (n, units), and keep what `backward` needs."""
        y = real_array("y", y)
        if y.ndim != 2 or y.shape[1] != len(self.mean):
            raise ValueError(f"Expected codes of shape (n, {len(self.mean)}). Received: shape {y.shape}.")
        centred, scale = y - self.mean, np.exp(self.log_scale)
        # In the lower tail of the distribution the difference of two sigmoids loses no digits.
        mirrored = -np.abs(centred)
        p = _sigmoid((mirrored + 0.5) / scale) - _sigmoid((mirrored - 0.5) / scale)
        if not (np.isfinite(y).all() and np.isfinite(p).all()):
            raise ValueError("Expected finite codes, means and scales. Received: some that are NaN or infinite.")
        p = np.maximum(p, np.finfo(p.dtype).tiny)
        self._kept = centred, scale, p
        return -np.log2(p)

    def backward(self):
        """Return the gradient of the bits of an image, averaged over the batch, with respect to the codes.

        Returns
        -------
        ndarray, shape (n, units)
            `∂C/∂Y` for `C = Σ bits / n`; `gradients` holds those of `mean` and `log_scale`.
        """
        if self._kept is None:
            raise RuntimeError("Expected a forward pass before backward. Received: none.")
        centred, scale, p = self._kept
        upper, lower = centred + 0.5, centred - 0.5
        a, b = _sigmoid(upper / scale), _sigmoid(lower / scale)
        n = len(centred)
        gradient = (a + b - 1) / (scale * math.log(2) * n)
        by_log_scale = (a * (1 - a) * upper - b * (1 - b) * lower) / (scale * p * math.log(2) * n)
        self.gradients = [-gradient.sum(axis=0), by_log_scale.sum(axis=0)]
        return gradient


def _sigmoid(z):
    """`1 / (1 + exp(-z))`, where the exponential cannot overflow."""
    return 1 / (1 + np.exp(-np.clip(z, -80, 80)))


class Prior:
    """How often each unit of a code takes each whole number, as both ends of the line know it.

    Each unit has a table of whole numbers that add up to `TOTAL`: one entry for each value
    from `lowest` upwards, and a last one, the *escape*. A value outside the table is coded
    as the escape, followed by the value itself in 32 bits. So every code can be coded, and
    unusual ones are merely dear.

    The coder is an asymmetric numeral system, of the library `constriction`. It works on a
    stack: what was pushed last is popped first, so encoding runs from the last unit to the
    first.

    Parameters
    ----------
    lowest : sequence of int
        The smallest value in the table of each unit.
    frequencies : sequence of array_like of int
        The table of each unit: at least two entries, each at least 1, of sum `TOTAL`.
    """

    def __init__(self, lowest, frequencies):
        lowest = real_array("lowest", lowest)
        if lowest.size != len(frequencies) or lowest.size == 0:
            raise ValueError(
                "Expected a lowest value and a table for each of at least one unit. "
                f"Received: {lowest.size} values and {len(frequencies)} tables."
            )
        if lowest.ndim != 1 or lowest.dtype.kind not in "iu" or np.abs(lowest).max() > LARGEST:
            raise ValueError(
                f"lowest must be whole numbers between {-LARGEST} and {LARGEST}. Received: {lowest.tolist()}."
            )
        self.lowest = lowest.tolist()
        self.frequencies = [real_array("each of frequencies", table) for table in frequencies]
        for table in self.frequencies:
            whole = table.dtype.kind in "iu" and table.ndim == 1 and len(table) >= 2
            if not whole or table.min() < 1 or table.sum() != TOTAL:
                raise ValueError(
                    f"Expected tables of at least two whole numbers of at least 1, of sum {TOTAL}. Received: {table}."
                )
        # Multiples of 1 / TOTAL are exact in floating point, so every machine makes the same model of them.
        self._models = [
            constriction.stream.model.Categorical((table / TOTAL).astype("float32"), perfect=False)
            for table in self.frequencies
        ]

    @classmethod
    def fit(cls, symbols):
        """Return the prior of the frequencies in codes, such as those of the training images.

        Each value between the smallest and the largest that a unit takes gets one count
        more than it has, as does the escape, so that nothing is impossible.

        Parameters
        ----------
        symbols : array_like of int, shape (n, units)
        """
        symbols = _check_symbols(symbols)
        lowest, frequencies = symbols.min(axis=0), []
        for column, low in zip(symbols.T, lowest):
            size = int(column.max()) - int(low) + 2  # with the escape
            if size > TOTAL // 4:
                raise ValueError(
                    f"Expected units with a range of at most {TOTAL // 4 - 1} values. Received: {size - 1}. "
                    "Use a larger step."
                )
            counts = np.bincount(column - low, minlength=size) + 1
            table = 1 + counts * (TOTAL - size) // counts.sum()  # rounded down
            table[table.argmax()] += TOTAL - table.sum()
            frequencies.append(table)
        return cls(lowest, frequencies)

    @property
    def units(self):
        """The size of the code."""
        return len(self.lowest)

    def entropies(self):
        """Return the entropy of each unit's table in bits, shape (units,): the fewest bits a draw from it can cost."""
        shares = [table / TOTAL for table in self.frequencies]
        return np.array([-(share * np.log2(share)).sum() for share in shares])

    def bits(self, symbols):
        """Return what each code costs, `-Σ log2 p` over its units and 32 for each escape, shape (n,)."""
        symbols, total = _check_symbols(symbols, self.units), 0.0
        for column, low, table in zip(symbols.T, self.lowest, self.frequencies):
            entries, escaped = self._entries(column, low, table)
            total = total - np.log2(table[entries] / TOTAL) + 32 * escaped
        return total

    def encode(self, symbols):
        """Return codes as bytes.

        Parameters
        ----------
        symbols : array_like of int, shape (n, units)

        Returns
        -------
        bytes
            A whole number of words of 32 bits, the lowest byte first.
        """
        symbols = _check_symbols(symbols, self.units)
        coder = constriction.stream.stack.AnsCoder()
        raw = constriction.stream.model.Uniform(256)
        for column, low, table, model in list(zip(symbols.T, self.lowest, self.frequencies, self._models))[::-1]:
            entries, escaped = self._entries(column, low, table)
            if escaped.any():  # below the column, so that they are popped after it
                four_bytes = np.frombuffer(column[escaped].astype("<i4").tobytes(), "uint8")
                coder.encode_reverse(four_bytes.astype("int32"), raw)
            coder.encode_reverse(entries.astype("int32"), model)
        return coder.get_compressed().astype("<u4").tobytes()

    def decode(self, payload, n):
        """Return the codes of n images from the bytes that `encode` made of them.

        Parameters
        ----------
        payload : bytes
        n : int
            Keep it beside the bytes, as a `Codec` does in its files: they do not always tell. Of codes that hold nothing
            but the first value of each table, any number gives the same bytes, since they leave the coder as empty
            as it was.

        Raises
        ------
        ValueError
            If the bytes cannot be those of n codes: the coder must come out empty.
        TypeError
            If they are no bytes.
        """
        n, payload = positive_integer("n", n), _as_bytes("payload", payload)
        if len(payload) % 4:
            raise ValueError(f"Expected words of 4 bytes. Received: {len(payload)} bytes.")
        words = np.frombuffer(payload, "<u4").astype("uint32")
        try:
            coder = constriction.stream.stack.AnsCoder(words)
        except ValueError as error:
            raise ValueError(f"Expected bytes that encode wrote. Received: others ({error}).") from error
        symbols = self._pop(coder, n)
        if not coder.is_empty():
            raise ValueError(f"Expected the bytes of {n} codes. Received: those of another number, or other bytes.")
        return symbols

    def sample(self, bits, n):
        """Decode bytes that nobody encoded: from random bits come codes that follow the prior.

        Parameters
        ----------
        bits : bytes
            A multiple of 4, and more than the codes will use.
        n : int

        Returns
        -------
        symbols : ndarray of int64, shape (n, units)
        used : int
            How many of the bits were used up.
        """
        n, bits = positive_integer("n", n), _as_bytes("bits", bits)
        if len(bits) % 4:
            raise ValueError(f"Expected words of 4 bytes. Received: {len(bits)} bytes.")
        words = np.frombuffer(bits, "<u4").astype("uint32")
        coder = constriction.stream.stack.AnsCoder(words, seal=True)
        before = coder.num_valid_bits()
        symbols = self._pop(coder, n)
        if coder.num_words() < 4:
            raise ValueError(f"Expected more bits than {n} codes use. Received: {8 * len(bits)}.")
        return symbols, before - coder.num_valid_bits()

    def _pop(self, coder, n):
        """Take n codes from the stack, unit after unit."""
        columns = []
        raw = constriction.stream.model.Uniform(256)
        for low, table, model in zip(self.lowest, self.frequencies, self._models):
            entries = coder.decode(model, n).astype("int64")
            escaped = np.flatnonzero(entries == len(table) - 1)
            column = entries + low
            if len(escaped):
                four_bytes = coder.decode(raw, 4 * len(escaped)).astype("uint8")
                column[escaped] = np.frombuffer(four_bytes.tobytes(), "<i4")
            columns.append(column)
        return np.stack(columns, axis=1)  # (n, units)

    @staticmethod
    def _entries(column, low, table):
        """Where in a unit's table each value stands, and which values escape it."""
        entries = column - low
        escaped = (entries < 0) | (entries >= len(table) - 1)
        return np.where(escaped, len(table) - 1, entries), escaped


def _check_symbols(symbols, units=None):
    """Return codes as int64, or say why they are none."""
    symbols = real_array("codes", symbols)
    if symbols.ndim != 2 or symbols.size == 0 or (units is not None and symbols.shape[1] != units):
        raise ValueError(
            f"Expected codes of shape (n, {units or 'units'}) with n at least 1. Received: shape {symbols.shape}."
        )
    if symbols.dtype.kind not in "iu":
        raise ValueError(f"Expected codes of whole numbers. Received: dtype {symbols.dtype}.")
    if symbols.min() < -LARGEST or symbols.max() > LARGEST:
        raise ValueError(f"Expected codes between {-LARGEST} and {LARGEST}. Received: one outside.")
    return symbols.astype("int64")


def _as_bytes(name, data):
    """Return a bytes-like object as bytes, or say that it is none."""
    try:
        return memoryview(data).tobytes()
    except TypeError as error:
        raise TypeError(f"{name} must be bytes. Received: {type(data).__name__}.") from error


class Codec:
    """An autoencoder that writes its codes to files.

    What a file holds, all numbers with the lowest byte first::

        4 bytes   "aelC"
        1         version of the format
        1         axes of an image
        4         digest of the codec: the start of the SHA-256 of step, tables and decoder's weights
        4         what the decoder makes of a few codes, as one number in float32
        4         number of images
        4         bytes of the payload
        4 each    the axes' lengths
        …         the payload: the codes of all images, entropy-coded
        4         CRC-32 of everything before

    The checksum finds every change within 32 neighbouring bits, and of any other damage all
    but about one case in four billion. It is no protection against intent: who can write a
    file can write its checksum.

    A file is read by the codec that wrote it: step and tables have to be the same, and so has the decoder. That its
    weights are the same is compared exactly, if they are given. What it computes is compared up to half a grey level,
    since two machines round differently; so a decoder that was trained further is noticed, with its weights or without.

    Parameters
    ----------
    encoder : callable
        From images, shape (n, …), to codes, shape (n, units), such as `encoder.predict`.
    decoder : callable
        From codes, shape (n, units), float32, to images, shape (n, …): of the shape that the encoder is given.
    step : float
        The distance between two neighbouring values of a rounded code, above 0.
    decoder_weights : sequence of array_like
        The arrays that the decoder computes with, such as `decoder.get_weights()`. They go
        into the digest, by which a file knows its codec to the last digit.

    Examples
    --------
    >>> codec = Codec(lambda x: 10 * x, lambda code: code / 10).fit(np.eye(3))
    >>> codec.decompress(codec.compress(np.eye(3)[:1]))
    array([[1., 0., 0.]], dtype=float32)
    """

    def __init__(self, encoder, decoder, step=1.0, decoder_weights=()):
        self.encoder, self.decoder, self.step = encoder, decoder, positive_number("step", step)
        for name, function in {"encoder": encoder, "decoder": decoder}.items():
            if not callable(function):
                raise TypeError(f"{name} must be callable, such as {name}.predict. Received: {function!r}.")
        self.decoder_weights = real_arrays(decoder_weights)
        self.prior = None

    def fit(self, images):
        """Take the frequencies of the codes from images, for example the training images; return the codec."""
        symbols = self.quantise(images)
        self._decode(symbols[:1], np.shape(images)[1:])
        self.prior = Prior.fit(symbols)
        return self

    def quantise(self, images):
        """Return the codes of images as whole numbers, `round(encoder(x) / step)`.

        Parameters
        ----------
        images : array_like, shape (n, …), float
            On the scale on which the encoder was trained: bytes are refused.

        Returns
        -------
        ndarray of int64, shape (n, units)
        """
        images = _check_images(images)
        codes = real_array("the encoder's codes", self.encoder(images))
        if codes.ndim != 2 or len(codes) != len(images):
            raise ValueError(
                f"Expected the encoder to make codes of shape ({len(images)}, units). Received: {codes.shape}."
            )
        scaled = codes.astype("float64") / self.step
        if not (np.abs(scaled) < LARGEST).all():  # NaN is not smaller either
            raise ValueError(
                f"Expected codes that are finite and below {LARGEST} steps. Received: "
                f"{np.count_nonzero(~(np.abs(scaled) < LARGEST))} that are not."
            )
        if not np.isfinite(images).all():  # an encoder may hide it, by a comparison for example
            raise ValueError("Expected finite images. Received: some numbers that are NaN or infinite.")
        return np.rint(scaled).astype("int64")

    def dequantise(self, symbols):
        """Return whole numbers as codes for the decoder, `step · symbols` in float32."""
        symbols = _check_symbols(symbols)
        with np.errstate(over="ignore"):
            codes = (symbols * self.step).astype("float32")
        if not np.isfinite(codes).all():
            raise ValueError(
                f"Expected codes within the range of float32. Received: a step of {self.step} is too large."
            )
        return codes

    def reconstruct(self, images):
        """Return what `decompress` will make of `compress(images)`, without going through bytes."""
        return self._decode(self.quantise(images))

    def _decode(self, symbols, shape=None):
        """The decoder's images of whole numbers, or what is wrong with them; `shape` is that of one image, if known."""
        images = real_array("the decoder's images", self.decoder(self.dequantise(symbols)))
        expected = (len(symbols), *(images.shape[1:] or "…" if shape is None else shape))
        if images.shape != expected:
            raise ValueError(f"Expected the decoder to make images of shape {expected}. Received: {images.shape}.")
        if not np.isfinite(images).all():
            raise ValueError("Expected the decoder to make finite images. Received: NaN or infinity in some.")
        return images

    def _fingerprint(self):
        """What the decoder makes of a few codes, as one number, and by how much rounding may change it."""
        sizes = np.array([len(table) - 1 for table in self.prior.frequencies])
        places = np.arange(PROBES * self.prior.units).reshape(PROBES, -1)
        shares = places * 0.618034 % 1  # of the way through a unit's table: spread evenly, and the same everywhere
        images = self._decode(np.array(self.prior.lowest) + (sizes * shares).astype("int64"))
        images = images.ravel().astype("float64")
        return float(images @ np.cos(np.arange(images.size))), TOLERANCE * float(np.linalg.norm(images))

    @property
    def digest(self):
        """Eight bytes that stand for step, tables and decoder."""
        return self._key() + struct.pack("<f", self._fingerprint()[0])

    def _knows(self, digest):
        """Whether a file's digest is that of this codec, but for the rounding of another machine."""
        number, tolerance = self._fingerprint()
        return digest[:4] == self._key() and abs(struct.unpack("<f", digest[4:])[0] - number) <= tolerance

    def _key(self):
        """The start of the SHA-256 of step, tables and decoder's weights."""
        self._require_fit()
        arrays = [np.array(self.step), np.array(self.prior.lowest), *self.prior.frequencies, *self.decoder_weights]
        sha = hashlib.sha256(MAGIC)
        for array in arrays:
            array = np.ascontiguousarray(array)
            array = array.astype(array.dtype.newbyteorder("<"))
            sha.update(f"{array.dtype.str}{array.shape}".encode())
            sha.update(array.tobytes())
        return sha.digest()[:4]

    def compress(self, images):
        """Return images as the bytes of a file.

        Parameters
        ----------
        images : array_like, shape (n, …), float

        Returns
        -------
        bytes
        """
        self._require_fit()
        symbols, shape = self.quantise(images), np.shape(images)[1:]
        payload = self.prior.encode(symbols)
        self._decode(symbols[:1], shape)  # what is written can be read
        head = HEADER.pack(MAGIC, VERSION, len(shape), self.digest, len(images), len(payload))
        body = head + struct.pack(f"<{len(shape)}I", *shape) + payload
        return body + CHECKSUM.pack(zlib.crc32(body))

    def decompress(self, data):
        """Return the images of a file's bytes.

        Parameters
        ----------
        data : bytes

        Returns
        -------
        ndarray, shape (n, …)
            `decoder(step · symbols)`, as the decoder returns it.

        Raises
        ------
        ValueError
            If the bytes are no file of this format, are cut short or changed, or were
            written by another codec.
        TypeError
            If they are no bytes.
        """
        self._require_fit()
        data = _as_bytes("data", data)
        if data[: len(MAGIC)] != MAGIC:
            raise ValueError(f"Expected a compressed file, beginning with {MAGIC}. Received: {data[: len(MAGIC)]}.")
        if len(data) < HEADER.size + CHECKSUM.size:
            raise ValueError(f"Expected at least {HEADER.size + CHECKSUM.size} bytes. Received: {len(data)}.")
        body, (stored,) = data[: -CHECKSUM.size], CHECKSUM.unpack(data[-CHECKSUM.size :])
        if zlib.crc32(body) != stored:
            raise ValueError(
                "The compressed file is damaged or cut short: "
                f"expected the checksum {stored:08x}. Received: {zlib.crc32(body):08x}."
            )
        _, version, axes, digest, n, length = HEADER.unpack_from(body)
        if version != VERSION:
            raise ValueError(f"Expected version {VERSION} of the format. Received: {version}.")
        if not self._knows(digest):
            raise ValueError(
                "The file was written by another codec, with other tables, another step or another decoder: "
                f"expected the digest {self.digest.hex()}. Received: {digest.hex()}."
            )
        start = HEADER.size + 4 * axes
        if len(body) != start + length:
            raise ValueError(f"Expected {start + length} bytes before the checksum. Received: {len(body)}.")
        shape = struct.unpack_from(f"<{axes}I", body, HEADER.size)
        return self._decode(self.prior.decode(body[start:], n), shape)

    def write(self, path, images):
        """Compress images to a file; return the number of its bytes."""
        return _path_of_file(path).write_bytes(self.compress(images))

    def read(self, path):
        """Return the images of a file that `write` wrote."""
        return self.decompress(_path_of_file(path).read_bytes())

    def _require_fit(self):
        if self.prior is None:
            raise RuntimeError("This codec has no tables: call fit(images) first.")


def _check_images(images):
    """Return images as an array, or say why they are none."""
    images = real_array("images", images)
    if images.ndim < 2 or images.size == 0:
        raise ValueError(f"Expected images of shape (n, …) with n at least 1. Received: shape {images.shape}.")
    if images.dtype.kind != "f":
        raise ValueError(
            "Expected images of floating-point numbers, on the scale on which the encoder was trained. "
            f"Received: dtype {images.dtype}."
        )
    return images


def _path_of_file(path):
    """Return a path, or say that it is a folder's."""
    path = pathlib.Path(path)
    if path.is_dir():
        raise IsADirectoryError(f"path must be that of a file. Received: the folder {path}.")
    return path
