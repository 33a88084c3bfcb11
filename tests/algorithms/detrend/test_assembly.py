import gzip
import io
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from gnomon.algorithms.detrend.assembly import assemble, check_layout
from gnomon.containers.raw import RawAmp, RawDetector, Section, parse_section
from gnomon.errors import UnprocessableData

DATA = Path(__file__).parents[4] / "shared" / "data" / "detector"


def detector(*amps):
    return RawDetector(tuple(RawAmp(d, s, Section(0, 0, 0, 0), p, {}) for d, s, p in amps), {})


@pytest.mark.skipif(not DATA.is_dir(), reason="no ../shared/data/detector")
@pytest.mark.parametrize("maker", ["itl", "e2v"])
def test_sixteen_amplifiers_assemble_bit_for_bit(maker):
    with fits.open(io.BytesIO(gzip.decompress((DATA / f"{maker}_spot.fits.gz").read_bytes()))) as hdus:
        amps = [
            (
                np.asarray(h.data, np.int32),
                parse_section(h.header["DATASEC"]),
                parse_section(h.header["DETSEC"]),
            )
            for h in hdus[1:17]
        ]
    whole = gzip.decompress((DATA / f"{maker}_expected_assembled.fits.gz").read_bytes())
    with fits.open(io.BytesIO(whole)) as hdus:
        expected = hdus[0].data
    np.testing.assert_array_equal(assemble(detector(*amps))[::-1], expected)  # expected files have y reversed


@pytest.mark.parametrize("flip_y", [False, True])
@pytest.mark.parametrize("flip_x", [False, True])
def test_reading_direction_is_undone(flip_x, flip_y):
    truth = np.arange(20, dtype=np.int32).reshape(4, 5)
    place = Section(0, 5, 0, 4, flip_x, flip_y)
    np.testing.assert_array_equal(
        assemble(detector((place.orient(truth), Section(0, 5, 0, 4), place))), truth
    )


@pytest.mark.parametrize(
    "light, places, says",
    [
        (Section(0, 6, 0, 4), [Section(0, 6, 0, 4)], "reaches beyond"),
        (Section(0, 5, 0, 4), [Section(0, 4, 0, 4)], "differ in size"),
        (Section(0, 5, 0, 4), [Section(0, 5, 0, 4), Section(3, 8, 0, 4)], "cover 8 twice"),
        (Section(0, 5, 0, 4), [Section(0, 5, 0, 4), Section(6, 11, 0, 4)], "leave 4 pixels"),
    ],
)
def test_sections_that_do_not_tile_the_detector_are_refused(light, places, says):
    data = np.zeros((4, 5), np.uint16)
    with pytest.raises(UnprocessableData, match=says):
        check_layout(detector(*[(data, light, p) for p in places]))


def test_no_amplifiers_are_refused():
    with pytest.raises(UnprocessableData, match="no amplifiers"):
        check_layout(detector())
