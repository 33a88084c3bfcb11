import numpy as np

from exposure_files import RAW
from gnomon.containers.exposure import DetrendedImage, VisitFacts
from gnomon.containers.image import Image
from gnomon.containers.instrument import boresight_wcs
from gnomon.containers.provenance import Provenance
from gnomon.io.detrended_images import DetrendedWriter, open_detrended

MADE_BY = Provenance("isr", 1, "{}", {})
FACTS = VisitFacts(7, "20180211", "science", "g", "G", 30.0, 31.0, 58161.1, 2.0, -0.3, 0.1, float("nan"))


def part():
    rng = np.random.default_rng(0)
    planes = rng.normal(1000, 30, (2, 16, 20)).astype(np.float32)
    mask = rng.integers(0, 2**17, (16, 20)).astype(np.uint32)
    wcs = boresight_wcs(RAW, RAW.detectors[0], (2.0, -0.3), 0.1)
    return DetrendedImage(Image(planes[0], planes[1], mask), wcs, FACTS, 31.5, "observatory")


def test_a_detector_comes_back_whole(tmp_path):
    given = part()
    with DetrendedWriter(tmp_path / "x.fits", MADE_BY) as writer:
        writer.add(3, given)
        writer.fail(4, "it rained")
    opened = open_detrended(tmp_path / "x.fits")
    assert (opened.numbers, dict(opened.failures)) == ((3,), {4: "it rained"})
    back = opened[3]
    for name in ("flux", "variance", "mask"):
        np.testing.assert_array_equal(getattr(back.image, name), getattr(given.image, name))
    assert str(back.facts) == str(given.facts)  # NaN is not equal to itself
    assert (back.zero_point, back.detrended_by) == (31.5, "observatory")
    x, y = np.array([0.0, 19.0]), np.array([15.0, 0.0])
    np.testing.assert_allclose(back.wcs.pixel_to_sky(x, y), given.wcs.pixel_to_sky(x, y), atol=1e-14)


def test_empty_product_says_why(tmp_path):
    with DetrendedWriter(tmp_path / "x.fits", MADE_BY, "no raw file"):
        pass
    opened = open_detrended(tmp_path / "x.fits")
    assert (opened.numbers, opened.empty_reason) == ((), "no raw file")


def test_same_input_gives_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        with DetrendedWriter(tmp_path / name, MADE_BY) as writer:
            writer.add(0, part())
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
