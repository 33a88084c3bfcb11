import numpy as np
import pytest
from astropy.io import fits

from gnomon.containers.provenance import Provenance
from gnomon.containers.raw import parse_section
from gnomon.io.raw_fits import write_raw
from gnomon.sim.exposure import simulate_visit
from gnomon.sim.recipe import toy_recipe
from gnomon.sim.schedule import visits

MADE_BY = Provenance("simulate", 1, "{}", {})


@pytest.fixture(scope="module")
def raw():
    recipe = toy_recipe()
    return simulate_visit(recipe, None, visits(recipe)[0])[0]


def test_pixels_and_cards_read_back_as_written(raw, tmp_path):
    write_raw(raw, tmp_path / "raw.fits", MADE_BY)
    with fits.open(tmp_path / "raw.fits") as hdus:
        assert {k: hdus[0].header[k] for k in raw.header} == raw.header
        for amp, hdu in zip(raw.detectors[0].amps, hdus[1:3], strict=True):
            np.testing.assert_array_equal(amp.data, hdu.data)
            for name, section in (("DATASEC", amp.datasec), ("BIASSEC", amp.biassec), ("DETSEC", amp.detsec)):
                assert parse_section(hdu.header[name]) == section
            cards = {**amp.header, **raw.detectors[0].header}
            for key, value in cards.items():  # a card holds 20 characters of a number
                wanted = pytest.approx(value, rel=1e-13) if isinstance(value, float) else value
                assert hdu.header[key] == wanted


def test_two_writings_give_the_same_bytes(raw, tmp_path):
    for name in ("a.fits", "b.fits"):
        write_raw(raw, tmp_path / name, MADE_BY)
    assert (tmp_path / "a.fits").read_bytes() == (tmp_path / "b.fits").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.fits", "b.fits"]


def test_the_file_is_what_the_raw_format_says(raw, tmp_path):
    write_raw(raw, tmp_path / "raw.fits", MADE_BY)
    with fits.open(tmp_path / "raw.fits") as hdus:
        hdus.verify("exception")
        assert hdus[0].header["INSTRUME"] == "gnomonsim"
        assert hdus[1].name == "DET000_AMP00"
        assert (hdus[1].header["BITPIX"], hdus[1].data.dtype) == (16, np.uint16)
        assert hdus[2].header["DETSEC"] == "[1024:513,1:1024]"
