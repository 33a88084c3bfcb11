import json
import sys
import tarfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from release import GALAXIES, STARS, TRANSIENTS, made_by, release, write

from gnomon.audit.crate import entities
from gnomon.audit.manifest import MANIFEST, files_of, main, manifest_of, problems
from gnomon.datamodel import DATASETS
from gnomon.errors import ConfigError
from gnomon.io.catalogs import read_catalog
from gnomon.io.products import provenance_of
from gnomon.io.provenance import sha256
from gnomon.pipeline import STEPS

ROOT = Path(__file__).parents[2]


def test_every_product_is_named_with_its_hash_and_parents(tmp_path):
    root = release(tmp_path / "run")
    table = manifest_of(root)
    assert table["path"].tolist() == sorted([STARS, GALAXIES, TRANSIENTS])
    row = table["path"].tolist().index(TRANSIENTS)
    assert json.loads(table["parents"][row]) == {p: sha256(root / p) for p in (STARS, GALAXIES)}
    assert table["dataset"][row] == "truth_transients"
    assert table["version"][row] == 3
    assert table["bytes"][row] == (root / TRANSIENTS).stat().st_size


def test_a_release_that_holds_together_has_no_problems(tmp_path):
    assert list(problems(manifest_of(release(tmp_path / "run")))) == []


def test_a_parent_that_was_made_again_otherwise_is_a_problem(tmp_path):
    root = release(tmp_path / "run")
    write(root, STARS, made_by(root, "simulate_sky"), seed=1)
    found = list(problems(manifest_of(root)))
    assert f"{GALAXIES} was made from another {STARS} than the one that is there" in found


def test_a_parent_that_is_gone_is_a_problem(tmp_path):
    root = release(tmp_path / "run")
    (root / STARS).unlink()
    assert f"{GALAXIES} was made from {STARS}, which is not there" in list(problems(manifest_of(root)))


def test_what_a_killed_job_left_is_a_stray_and_logs_are_nothing(tmp_path):
    root = release(tmp_path / "run")
    for name in ("truth/.stars.parquet.12.tmp", "log/isr/1.log", "benchmark/isr/1.tsv", "plan/graph_.json"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x")
    found = files_of(root)
    assert found.strays == ("truth/.stars.parquet.12.tmp",)
    assert len(found.products) == 3


def test_a_raw_exposure_that_came_cut_off_is_listed_as_it_came_and_a_product_is_refused(tmp_path):
    root = release(tmp_path / "run")
    (root / "raw").mkdir()
    (root / "raw/2026101201001.fits").write_bytes(b"SIMPLE  =" + 2000 * b" ")
    row = manifest_of(root)["path"].tolist().index("raw/2026101201001.fits")
    assert manifest_of(root)["step"][row] == ""
    (root / STARS).write_bytes((root / STARS).read_bytes()[:200])
    with pytest.raises(ConfigError, match=r"stars\.parquet"):
        manifest_of(root)


def test_products_of_a_visit_that_is_no_longer_planned_are_strays(tmp_path):
    root = release(tmp_path / "run")
    for visit in ("2026101201001", "2026101201002"):
        write(root, f"truth/visit/{visit}.parquet", made_by(root, "simulate"))
    graph = {"visits": {"2026101201001": {}}, "exposures": {}, "nights": {}, "tracts": {}, "patches": {}}
    (root / "plan").mkdir()
    (root / "plan" / "graph.json").write_text(json.dumps(graph))
    assert files_of(root).strays == ("truth/visit/2026101201002.parquet",)


def test_the_parts_of_a_catalogue_tell_what_the_whole_does(tmp_path):
    root = release(tmp_path / "run")
    (root / "release/star/star/dataset/Norder=0").mkdir(parents=True)
    for name in ("collection.properties", "star/hats.properties", "star/partition_info.csv"):
        (root / "release/star" / name).write_text("x")
    made = made_by(root, "release_catalogs", STARS)
    for name in ("_common_metadata", "_metadata", "Norder=0/Npix=3.parquet"):
        write(root, f"release/star/star/dataset/{name}", made)
    found = manifest_of(root)
    mine = found.take(found["dataset"] == "release_star")
    assert len(mine) == 6
    assert set(mine["step"]) == {"release_catalogs"}
    assert len(set(mine["parents"])) == 1


def test_the_manifest_does_not_depend_on_threads_or_on_itself(tmp_path, capsys):
    root = release(tmp_path / "run")
    main(["--root", str(root)])
    first = (root / MANIFEST).read_bytes()
    main(["--root", str(root), "--threads", "3"])
    assert (root / MANIFEST).read_bytes() == first
    assert "3 products" in capsys.readouterr().out


def test_a_file_that_is_cut_off_is_refused_in_one_sentence(tmp_path, caplog):
    root = release(tmp_path / "run")
    (root / STARS).write_bytes((root / STARS).read_bytes()[:50])
    with pytest.raises(SystemExit, match="2"):
        main(["--root", str(root)])
    assert "stars.parquet is not a whole product" in caplog.text


def test_an_archive_holds_code_campaign_and_hashes_and_has_no_clock(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    root = release(tmp_path / "run")
    files = [tmp_path / "a.tar", tmp_path / "b.tar"]
    for file in files:
        main(["--root", str(root), "--archive", str(file), "--configfile", "config/campaigns/demo.yaml"])
    assert files[0].read_bytes() == files[1].read_bytes()
    with tarfile.open(files[0]) as tar:
        names = set(tar.getnames())
    needed = {
        "Snakefile",
        "workflow/gnomon/smk.py",
        "envs/requirements.lock",
        "config/instruments/gnomonsim.yaml",
    }
    assert {"campaign.yaml", "campaign.json", "manifest.parquet", *(f"code/{n}" for n in needed)} <= names
    assert not [n for n in names if n.endswith((".so", ".pyc"))]


def test_the_crate_names_every_file_and_what_made_it(tmp_path):
    graph = {e["@id"]: e for e in entities(manifest_of(release(tmp_path / "run")), "2026-11-22")}
    assert graph["./"]["datePublished"] == "2026-11-22"
    referred = {r["@id"] for e in graph.values() for r in _refs(e)}
    assert referred - set(graph) <= {i for i in referred if i.startswith("https://")}
    action = next(e for e in graph.values() if {"@id": TRANSIENTS} in e.get("result", []))
    assert action["object"] == [{"@id": GALAXIES}, {"@id": STARS}]
    assert action["instrument"] == {"@id": "#tool-simulate"}
    tools = {i for i in graph if i.startswith("#tool-")}  # of those that ran: the validator refuses others
    assert tools == {e["instrument"]["@id"] for e in graph.values() if e.get("instrument")} - {"Snakefile"}
    assert {"@id": "#outside/survey.yaml"} in next(
        e["object"] for e in graph.values() if {"@id": STARS} in e.get("result", [])
    )


def _refs(entity):
    for value in entity.values():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict):
                yield item


def test_every_kind_of_product_can_be_asked_what_made_it():
    made = {Path(DATASETS[d].template).suffix for s in STEPS.values() for d in s.writes.values()}
    for ending in sorted(made):
        with pytest.raises(ConfigError, match="is not a whole product"):  # not: no product has such an ending
            provenance_of(Path(f"no/such/file{ending}"))


def test_what_is_written_is_what_is_read(tmp_path):
    root = release(tmp_path / "run")
    main(["--root", str(root)])
    assert read_catalog(root / MANIFEST)["sha256"].tolist() == manifest_of(root)["sha256"].tolist()
