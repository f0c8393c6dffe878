"""A printed book is packed without loss, and its fonts are cut to one weight each."""

import numpy as np
import pytest

pikepdf = pytest.importorskip("pikepdf", reason="no pikepdf: see tests/browser/requirements.txt")

from book.printing.packing import COLOURS, pack  # noqa: E402
from book.printing.static_fonts import FAMILIES, STYLES, WEIGHTS, font_faces  # noqa: E402

SIDE, WORDS = 64, 500


@pytest.fixture
def write(tmp_path):
    """Write a PDF with one picture, given as pixels, and with many small objects."""

    def written(pixels):
        path = tmp_path / "book.pdf"
        with pikepdf.new() as document:
            picture = document.make_stream(pixels.tobytes())
            picture.Subtype, picture.ColorSpace = pikepdf.Name.Image, pikepdf.Name.DeviceRGB
            picture.Width, picture.Height, picture.BitsPerComponent = SIDE, SIDE, 8
            page = document.add_blank_page()
            page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Picture=picture))
            document.Root.Words = pikepdf.Array(
                document.make_indirect(pikepdf.Dictionary(Number=number)) for number in range(WORDS)
            )
            document.save(path, compress_streams=True)
        return path

    return written


def picture(document):
    return document.pages[0].obj.Resources.XObject.Picture


def shown(path):
    """The pixels of the picture."""
    with pikepdf.open(path) as document:
        return np.asarray(pikepdf.PdfImage(picture(document)).as_pil_image().convert("RGB"))


@pytest.mark.parametrize("colours", [2, COLOURS, COLOURS + 1])
def test_a_picture_shows_the_same_with_a_palette_if_its_colours_are_few(write, rng, colours):
    palette = np.stack([np.arange(colours) // 2, np.arange(colours) % 2 * 255, np.arange(colours) % 7], axis=1)
    pixels = palette.astype(np.uint8)[rng.permutation(SIDE * SIDE) % colours].reshape(SIDE, SIDE, 3)
    path = write(pixels)
    pack(path)
    np.testing.assert_array_equal(shown(path), pixels)
    with pikepdf.open(path) as document:
        assert (picture(document).ColorSpace != "/DeviceRGB") == (colours <= COLOURS)


def test_small_objects_are_packed_together_and_all_there(write):
    path = write(np.zeros((SIDE, SIDE, 3), np.uint8))
    loose = path.stat().st_size
    pack(path)
    assert path.stat().st_size < loose / 3
    with pikepdf.open(path) as document:
        assert [int(word.Number) for word in document.Root.Words] == list(range(WORDS))


def test_every_font_has_one_weight_and_takes_the_place_of_the_books(tmp_path):
    ttlib = pytest.importorskip("fontTools.ttLib")
    sheet = font_faces(tmp_path)
    fonts = [ttlib.TTFont(path) for path in sorted(tmp_path.glob("*.ttf"))]
    assert len(fonts) == len(FAMILIES) * len(STYLES) * len(WEIGHTS) == sheet.count("@font-face")
    assert not any("fvar" in font for font in fonts)
    assert {font["OS/2"].usWeightClass for font in fonts} == set(WEIGHTS)
    assert all(f"--book-{variable}:" in sheet for variable in FAMILIES)
