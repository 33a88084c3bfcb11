import numpy as np
import pytest
from astropy.io import fits

from gnomon.containers.image import Image
from gnomon.containers.provenance import Provenance
from gnomon.errors import UnprocessableData
from gnomon.io.images import ImagesFile, ImagesWriter, open_images

MADE_BY = Provenance("isr", 3, '{"sigma": 2.0}', {"raw/a.fits": "00"})


def image(seed, shape=(7, 5)):
    rng = np.random.default_rng(seed)
    mask = rng.integers(0, 2**32, shape, dtype=np.uint32)
    return Image(rng.normal(size=shape).astype("f4"), rng.random(shape).astype("f4"), mask)


def write(path, parts, failures=None, reason=""):
    with ImagesWriter(path, MADE_BY, reason) as writer:
        for number, part in parts.items():
            writer.add(number, part)
        for number, why in (failures or {}).items():
            writer.fail(number, why)


def test_planes_come_back_bit_for_bit(tmp_path):
    parts = {0: image(1), 12: image(2, (3, 11))}
    write(tmp_path / "v.fits", parts)
    back = open_images(tmp_path / "v.fits")
    assert tuple(back) == (0, 12)
    for number, part in parts.items():
        for plane in ("flux", "variance", "mask"):
            found = getattr(back[number], plane)
            assert found.dtype == getattr(part, plane).dtype
            np.testing.assert_array_equal(found, getattr(part, plane))


def test_equal_content_gives_equal_bytes(tmp_path):
    for name in "ab":
        write(tmp_path / name, {3: image(5)}, {4: "saturated"})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_failures_and_provenance_are_inside(tmp_path):
    write(tmp_path / "v.fits", {1: image(1)}, {2: "all pixels are NaN"})
    opened = ImagesFile(tmp_path / "v.fits")
    assert opened.provenance == MADE_BY
    assert opened.failures() == {2: "all pixels are NaN"}


def test_an_empty_product_says_why(tmp_path):
    write(tmp_path / "v.fits", {}, reason="truncated raw file")
    back = open_images(tmp_path / "v.fits")
    assert len(back) == 0
    assert back.empty_reason == "truncated raw file"


def test_astropy_verifies_the_file(tmp_path):
    write(tmp_path / "v.fits", {0: image(1)}, {1: "no stars"})
    with fits.open(tmp_path / "v.fits") as hdus:
        hdus.verify("exception")
        names = [h.name for h in hdus]
        assert names == ["PRIMARY", "SCI_000", "VAR_000", "MSK_000", "DETECTORS", "PROVENANCE"]
        assert hdus["MSK_000"].header["MP_CR"] == 3


def test_a_truncated_file_is_refused_by_name(tmp_path):
    write(tmp_path / "v.fits", {0: image(1, (100, 100))})
    whole = (tmp_path / "v.fits").read_bytes()
    (tmp_path / "cut.fits").write_bytes(whole[: len(whole) // 3])
    with pytest.raises(UnprocessableData, match="cut.fits"):
        open_images(tmp_path / "cut.fits")
