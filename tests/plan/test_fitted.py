import json
from pathlib import Path

import numpy as np
import pytest

from gnomon.containers.catalog import Catalog
from gnomon.containers.provenance import Provenance
from gnomon.errors import ConfigError
from gnomon.io.catalogs import write_catalog
from gnomon.pipeline import STEPS
from gnomon.plan.fitted import fit, line_at, main, measured
from gnomon.smk import WRAPPER_MB, Campaign

ROOT = Path(__file__).parents[2]


def test_the_line_has_the_stated_part_of_the_jobs_below_it():
    rng = np.random.default_rng(4)
    size = rng.uniform(1, 100, 400)
    value = 300 + 4 * size + 50 * rng.exponential(size=400)
    intercept, slope = line_at(size, value, 0.95, 0.0)
    # at the optimum of the linear program at most two points lie on the line: 380 of 400 within one or two
    assert abs(int((value <= intercept + slope * size + 1e-6).sum()) - 380) <= 2
    # the noise does not depend on the size: its 95% quantile, 150, goes into the intercept.
    # standard error of the slope: sqrt(0.95*0.05)/(density 0.05/50 * sqrt(400) * spread 28.6) = 0.4
    assert slope == pytest.approx(4, abs=1.2)


def test_a_line_without_noise_is_found_again():
    size = np.arange(1.0, 21.0)
    assert line_at(size, 7 + 3 * size, 0.9, 0.0) == pytest.approx((7, 3))


def test_a_slope_that_cannot_be_learnt_stays_as_declared():
    assert line_at(np.full(20, 4.0), np.full(20, 100.0), 0.95, 5.0) == (80.0, 5.0)
    assert line_at(np.array([1.0, 2.0]), np.array([10.0, 90.0]), 0.95, 0.0)[1] == 0.0


def test_memory_never_falls_with_the_size():
    size = np.arange(1.0, 30.0)
    intercept, slope = line_at(size, 100 - size, 0.95, 0.0)
    assert intercept > 0
    assert slope == 0


@pytest.fixture
def ran(tmp_path):
    """Twelve jobs of check_visit that took 200 MB, and one too short to be sampled."""
    root = tmp_path / "run"
    (root / "plan").mkdir(parents=True)
    (root / "benchmark" / "check_visit").mkdir(parents=True)
    (root / "plan" / "graph.json").write_text(json.dumps({"visits": {}, "exposures": {}}))
    made_by = Provenance("check_visit", 1, "{}", {f"x/{k}": "0" for k in range(5)})
    for k in range(13):
        visit = f"20261012010{k:02d}"
        rss = "NA" if k == 12 else f"{200 / 1.048576}"
        text = f"s\tmax_rss\tcpu_time\n1.0\t{rss}\t2.5\n"
        (root / "benchmark" / "check_visit" / f"{visit}.tsv").write_text(text)
        write_catalog(Catalog({"x": np.zeros(1)}), root / f"check/visit/{visit}.parquet", made_by, "")
    return root


def test_benchmarks_are_read_with_the_sizes_of_their_jobs(ran):
    found = measured(ran)["check_visit"]
    assert len(found.size) == 12
    assert set(found.size) == {5.0}
    assert found.mem_mb == pytest.approx(200)
    cost = fit(found, STEPS["check_visit"], 0.95)
    assert cost["mem_mb"] == pytest.approx(200)
    assert cost["cpu_s"] == 2.5


def test_fitted_costs_are_what_jobs_ask_for(ran, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    file = ran / "costs.json"
    main(["--root", str(ran), "--out", str(file)])
    words = next(
        line for line in capsys.readouterr().out.splitlines() if line.startswith("check_visit")
    ).split()
    assert words[1:3] == ["12", "200"]
    assert words[5:] == ["1.00", "0"]
    campaign = Campaign({"campaign": "demo", "instrument": "gnomonsim", "costs": str(file)})
    ask = campaign.resources("check_visit")["mem_mb"]
    assert ask(None, ["x"] * 5, 1) == 200 + WRAPPER_MB
    assert ask(None, ["x"] * 5, 3) == 800 + WRAPPER_MB


def test_a_missing_file_of_costs_is_told_before_any_work(monkeypatch):
    monkeypatch.chdir(ROOT)
    with pytest.raises(ConfigError, match="scripts/fit_costs.py"):
        Campaign({"campaign": "demo", "instrument": "gnomonsim", "costs": "/nowhere.json"})


def test_a_folder_without_a_campaign_is_refused(tmp_path):
    with pytest.raises(SystemExit, match="no campaign has run"):
        main(["--root", str(tmp_path), "--out", str(tmp_path / "c.json")])
