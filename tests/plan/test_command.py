import json
from pathlib import Path

import pytest

from gnomon.io.catalogs import read_catalog
from gnomon.io.skymaps import read_skymap
from gnomon.plan.command import main
from gnomon.smk import campaign_options, plan_key

ROOT = Path(__file__).parents[2]


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A campaign file of the toy survey whose products go to a temporary folder."""
    monkeypatch.chdir(ROOT)
    config = {
        "campaign": "toy",
        "instrument": "gnomonsim",
        "root": str(tmp_path / "run"),
        "skymap": {"patch_cells": 2},
        "steps": {"simulate_sky": {"recipe": "toy", "seed": 7}},
    }
    path = tmp_path / "toy.yaml"
    path.write_text(json.dumps(config))
    return path, tmp_path / "run" / "plan", config


def test_the_plan_is_written_whole_and_twice_the_same(toy):
    path, plan, config = toy
    main(["--configfile", str(path)])
    first = {p.name: p.read_bytes() for p in plan.iterdir() if p.is_file()}
    tables = [f"{n}.parquet" for n in ("overlaps", "quanta", "rejects", "visits")]
    assert sorted(first) == sorted(["graph.json", "skymap.json", "slices.json", *tables])
    graph = json.loads(first["graph.json"])
    assert graph["key"] == plan_key(campaign_options(config))
    assert len(read_catalog(plan / "overlaps.parquet")) == sum(
        len(v) for bands in graph["patches"].values() for v in bands.values()
    )
    assert len(read_skymap(plan / "skymap.json")) == 1
    main(["--configfile", str(path)])
    assert {p.name: p.read_bytes() for p in plan.iterdir() if p.is_file()} == first


def test_the_summary_counts_the_jobs(toy, capsys):
    main(["--configfile", str(toy[0])])
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert next(line for line in lines if line[:1] == ["simulate"])[1] == "13"
    main(["--configfile", str(toy[0]), "--cost"])
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == lines


def test_slices_obey_the_limit(toy, capsys):
    main(["--configfile", str(toy[0]), "--slices", "--config", "slice_jobs=6"])
    jobs = [int(line.split()[1]) for line in capsys.readouterr().out.splitlines()[1:]]
    assert sum(jobs) > 20


def test_a_slice_is_asked_for_its_products_and_knows_its_visits(toy, capsys):
    path, plan, _ = toy
    main(["--configfile", str(path)])
    whole = json.loads((plan / "graph.json").read_text())
    before = json.loads((plan / "slices.json").read_text())
    name = [n for n in before if "visits" in n][-1]
    capsys.readouterr()
    main(["--configfile", str(path), "--slice", name])
    part = json.loads((plan / "slices" / f"{name}.json").read_text())
    assert capsys.readouterr().out.split() == [f"{plan.parent}/{t}" for t in part["targets"]]
    night = name.rsplit("-", 1)[1]
    assert set(whole["nights"][night]) <= set(part["visits"]) <= set(whole["visits"])
    assert all(part["patches"][p] == whole["patches"][p] for p in part["patches"])
    with pytest.raises(SystemExit):
        main(["--configfile", str(path), "--slice", "s9-none"])


def test_withdrawing_drops_the_visits_own_jobs(toy, capsys):
    path, plan, _ = toy
    main(["--configfile", str(path)])
    visit = next(iter(json.loads((plan / "graph.json").read_text())["visits"]))
    capsys.readouterr()
    main(["--configfile", str(path), "--what-if", "withdraw", visit])
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert next(line for line in lines if line[:1] == ["simulate"])[1:4] == ["0", "1", "13"]


def test_withdrawing_in_the_config_leaves_the_visit_out(toy):
    path, plan, _ = toy
    main(["--configfile", str(path)])
    visits = list(json.loads((plan / "graph.json").read_text())["visits"])
    main(["--configfile", str(path), "--config", f"withdrawn=[{visits[1]}]"])
    assert list(json.loads((plan / "graph.json").read_text())["visits"]) == [visits[0], *visits[2:]]


@pytest.mark.parametrize(
    "words,message",
    [
        (["--what-if", "withdraw", "12"], "no visit 12"),
        (["--what-if", "withdraw"], "wanted withdraw VISIT"),
        (["--why", "no/such/file"], "no product of a campaign"),
        (["--config", "skymap={kind: healpix, nside: 3}"], "power of two"),
        (["--config", "withdrawn=[4]"], "no visit 4"),
    ],
)
def test_a_wrong_question_ends_with_one_sentence(toy, caplog, words, message):
    with pytest.raises(SystemExit) as stopped:
        main(["--configfile", str(toy[0]), *words])
    assert stopped.value.code == 2
    assert message in caplog.text


def test_a_missing_campaign_file_is_named(caplog):
    with pytest.raises(SystemExit):
        main(["--configfile", "no/such.yaml"])
    assert "no/such.yaml" in caplog.text
