import pytest

from gnomon.errors import ConfigError
from gnomon.io.products import identify
from gnomon.plan.chain import related, why


def test_a_path_tells_its_dataset_and_data_id(steps):
    dataset, data_id = identify("some/where/x/00012/003/r/coadd")
    assert (dataset.name, data_id) == ("coadd", {"tract": "00012", "patch": "003", "band": "r"})


def test_a_strange_path_is_refused(steps):
    with pytest.raises(ConfigError, match="no dataset type has such a path"):
        identify("x/12/3/r/coadd")


def test_a_coadd_is_made_of_the_visits_of_its_patch_and_band(steps, survey):
    units = survey.units
    row = int(units.pair_patch_band[0])
    tract, patch = (int(units.patch[n][units.patch_band["patch"][row]]) for n in ("tract", "patch"))
    band = units.bands[units.patch_band["band"][row]]
    dataset, data_id = identify(f"x/{tract:05d}/{patch:03d}/{band}/coadd")
    found = related(dataset, data_id, identify("x/0000000000000/calexp")[0], units)
    visits = units.visit[units.pair_visit[units.pair_patch_band == row]]
    assert [f["path"] for f in found] == [f"x/{v:013d}/calexp" for v in sorted(visits.tolist())]


def test_the_chain_goes_down_to_what_no_step_makes(steps, survey):
    text = why(f"run/x/{survey.units.visit[3]:013d}/isr", "cam", steps, survey.units)
    lines = text.splitlines()
    assert lines[0].startswith(f"x/{survey.units.visit[3]:013d}/isr: The isr.")
    assert lines[1].startswith(f"  raw/{survey.units.visit[3]:013d}: The raw.")
    assert lines[2].startswith("    x/recipe: The recipe.")
    assert "  x/bias: The bias. (made by bias version 1)" in lines
    assert "    and 1 more like it" in lines  # five calibration exposures, four named
