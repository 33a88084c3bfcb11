import numpy as np
import pytest

from gnomon.errors import UnprocessableData
from gnomon.io.obs80 import format_obs80, read_obs80

GROUND = "03666         C2010 01 07.84847801 16 10.024+05 22 06.31         17.51r      568"
SATELLITE = (
    "03666         S2010 01 07.84847901 16 10.02 +05 22 06.3                L~0I7nC51",
    "03666         s2010 01 07.8484791 + 6685.9881 + 1699.4342 +  381.8352   ~0I7nC51",
)


def written(tmp_path, *lines):
    path = tmp_path / "obs.txt"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_ground_based_line(tmp_path):
    found, radar = read_obs80(written(tmp_path, "COD 568", "a comment", GROUND))
    assert (radar, found.designation[0], found.station[0], found.technique[0], found.band[0]) == (
        0,
        "3666",
        "568",
        "C",
        "r",
    )
    assert found.mjd_utc[0] == pytest.approx(55203.848478, abs=1e-9)
    assert np.rad2deg(found.ra[0]) == pytest.approx(15 * (1 + 16 / 60 + 10.024 / 3600), abs=1e-12)
    assert np.rad2deg(found.dec[0]) == pytest.approx(5 + 22 / 60 + 6.31 / 3600, abs=1e-12)
    assert found.magnitude[0] == 17.51
    assert np.isnan(found.position).all()


def test_a_line_is_written_as_it_was_read(tmp_path):
    found, _ = read_obs80(written(tmp_path, GROUND))
    assert format_obs80(found) == [GROUND]


def test_a_satellite_brings_its_place(tmp_path):
    found, _ = read_obs80(written(tmp_path, *SATELLITE))
    np.testing.assert_allclose(found.position[0] * 149597870.700, [6685.9881, 1699.4342, 381.8352])
    with pytest.raises(ValueError, match="ADES"):
        format_obs80(found)


@pytest.mark.parametrize(
    "lines, said",
    [
        (SATELLITE[:1], "line 1: the second line"),
        (SATELLITE[1:], "without its first"),
        ((SATELLITE[0], GROUND), "is missing"),
        ((GROUND.replace("16 10.024", "16 1x.024"),), "line 1: could not convert"),
    ],
)
def test_malformed_files_are_told(tmp_path, lines, said):
    with pytest.raises(UnprocessableData, match=said):
        read_obs80(written(tmp_path, *lines))


def test_southern_and_two_field_angles(tmp_path):
    old = "03666         A1938 11 28.972   04 50.1     -00 48               14.7   BZ020024"
    found, _ = read_obs80(written(tmp_path, old))
    np.testing.assert_allclose(np.rad2deg([found.ra[0], found.dec[0]]), [15 * (4 + 50.1 / 60), -48 / 60])
