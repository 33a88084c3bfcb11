import numpy as np
import pytest

from gnomon.algorithms.orbit.elements import cartesian_to_keplerian
from gnomon.algorithms.orbit.timescales import tdb_minus_tt
from gnomon.containers.perturbers import SUN
from gnomon.containers.provenance import Provenance
from gnomon.errors import UnprocessableData
from gnomon.io.mpcorb import format_mpcorb, read_mpcorb, write_mpcorb
from gnomon.io.perturbers import shipped_perturbers

# Columns as in the MPC's description of the format: H 9-13, epoch 21-25, M 27-35, ..., a 93-103, name
# 167-194.
CERES = (
    "00001    3.34  0.15 K24AH 188.70269   73.27343   80.25221   10.58780  0.0794013  0.21424651   2.7660512"
    "  0 E2024-V47  7330 125 1801-2024 0.80 M-v 30k MPCLINUX   4000      (1) Ceres              20241101"
)


def written(tmp_path, *lines):
    path = tmp_path / "MPCORB.DAT"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_ceres_comes_out_with_its_elements(tmp_path):
    found = read_mpcorb(written(tmp_path, CERES), shipped_perturbers())
    assert found.designation.tolist() == ["1"]
    assert (found.H[0], found.G[0]) == (3.34, 0.15)
    assert found.epoch[0] - tdb_minus_tt(60600.0) == 60600.0  # 2024 October 17.0 TT
    sun = np.concatenate(shipped_perturbers().state(SUN, found.epoch), axis=-1)
    a, e, *angles = cartesian_to_keplerian(found.state - sun)[0]
    # printed digits, and rounding of the state
    assert (a, e) == (pytest.approx(2.7660512, abs=1e-9), pytest.approx(0.0794013, abs=1e-9))
    np.testing.assert_allclose(np.rad2deg(angles), [10.58780, 80.25221, 73.27343, 188.70269], atol=1e-7)
    assert np.isnan(found.covariance).all()


def test_a_line_is_written_as_it_was_read(tmp_path):
    line = format_mpcorb(read_mpcorb(written(tmp_path, CERES), shipped_perturbers()), shipped_perturbers())[0]
    assert line[:103] == CERES[:103]
    assert len(line) == 202
    assert line[166:].strip() == "(1)"


def test_header_and_blank_lines_are_skipped_and_short_lines_read(tmp_path):
    path = written(tmp_path, "MINOR PLANET CENTER ORBIT DATABASE", "-" * 160, CERES[:103], "", CERES)
    assert len(read_mpcorb(path, shipped_perturbers())) == 2


def test_an_unknown_magnitude_is_nan(tmp_path):
    blank = CERES[:8] + " " * 11 + CERES[19:]
    found = read_mpcorb(written(tmp_path, blank), shipped_perturbers())
    assert np.isnan(found.H[0]) and found.G[0] == 0.15
    assert format_mpcorb(found, shipped_perturbers())[0][8:13] == " " * 5


@pytest.mark.parametrize(
    "line, said",
    [
        (CERES[:57], "line 1 has 57 columns"),
        (CERES.replace("188.70269", "188.7x269"), "line 1: M is '188.7x269'"),
        (CERES.replace("K24AH", "K24ZH"), "line 1: epoch"),
        (CERES.replace("0.0794013", "1.0794013"), "no ellipse"),
    ],
)
def test_malformed_lines_are_told(tmp_path, line, said):
    with pytest.raises(UnprocessableData, match=said):
        read_mpcorb(written(tmp_path, line), shipped_perturbers())


def test_epochs_within_a_day_cannot_be_written(tmp_path):
    found = read_mpcorb(written(tmp_path, CERES), shipped_perturbers())
    found.epoch[0] += 0.25
    with pytest.raises(ValueError, match="whole days"):
        write_mpcorb(found, tmp_path / "out.txt", shipped_perturbers(), Provenance("s", 1, "{}", {}))


def test_a_written_file_is_read_back(tmp_path):
    found = read_mpcorb(written(tmp_path, CERES), shipped_perturbers())
    write_mpcorb(found, tmp_path / "out.txt", shipped_perturbers(), Provenance("s", 1, "{}", {"a": "00"}))
    again = read_mpcorb(tmp_path / "out.txt", shipped_perturbers())
    np.testing.assert_allclose(again.state, found.state, atol=1e-12)


def test_no_lines_are_no_orbits(tmp_path):
    empty = read_mpcorb(written(tmp_path, ""), shipped_perturbers())
    assert len(empty) == 0 and format_mpcorb(empty, shipped_perturbers()) == []
