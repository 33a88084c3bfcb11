"""The toy survey through the whole campaign: reruns, withdrawals, equal bytes, bad files."""

import html
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from campaigns import TOY, campaign, dry_run, products, snakemake

from gnomon.audit.audit import audit
from gnomon.audit.explain import explain
from gnomon.audit.manifest import files_of, problems
from gnomon.containers.catalog import Catalog
from gnomon.io.alert_avro import read_alerts
from gnomon.io.catalogs import read_catalog, write_catalog
from gnomon.io.products import provenance_of

pytestmark = pytest.mark.campaign
SCIENCE = 4


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("toy")
    announced = dry_run(folder)
    snakemake(folder)
    return folder, announced


def test_dry_run_shows_every_job_before_anything_exists(done):
    folder, announced = done
    assert announced["isr"] == announced["calibrate_visit"] == SCIENCE
    made = list(Path(folder, "run", "log").rglob("*.log"))
    assert len(made) == sum(announced.values())  # each job has a log


def test_a_second_run_does_nothing_and_says_so(done):
    assert "Nothing to be done" in snakemake(done[0])


def test_the_report_names_every_visit(done):
    page = Path(done[0], "run", "release", "report.html").read_text()
    for file in Path(done[0], "run", "preliminary", "summary").glob("*.parquet"):
        assert file.stem in page


def test_every_alert_decodes_and_carries_its_history(done):
    """What a packet tells of the past is all that the release knows of its object before that visit."""
    run = Path(done[0], "run")
    files = sorted((run / "alert").glob("*.avro"))
    assert len(files) == SCIENCE
    pairs = [read_catalog(p) for p in (run / "diff" / "dia_association").rglob("*.parquet")]
    owner = {
        int(s): int(o)
        for t in pairs
        if len(t)
        for s, o in zip(t["diaSourceId"], t["diaObjectId"], strict=True)
    }
    times = {}
    for table in map(read_catalog, (run / "diff" / "dia_source").glob("*.parquet")):
        for source, mjd in (
            zip(table["diaSourceId"], table["midpointMjdTai"], strict=True) if len(table) else ()
        ):
            times.setdefault(owner.get(int(source)), []).append(float(mjd))
    for packet in (p for f in files for p in read_alerts(f)):
        source = packet["diaSource"]
        now = source["midpointMjdTai"]
        known = [t for t in times.get(source["diaObjectId"], ()) if now - 365.25 <= t < now]
        assert len(packet["prvDiaSources"] or ()) == len(known)
        assert source["reliability"] >= 0.5
        assert all(packet[f"cutout{kind}"] for kind in ("Difference", "Science", "Template"))


def test_a_named_filter_has_the_alerts_of_each_night_that_pass(done):
    run = Path(done[0], "run")
    files = {p.stem: read_alerts(p) for p in (run / "alert" / "filtered" / "bright").glob("*.avro")}
    told = {}
    for path in sorted((run / "alert").glob("*.avro")):
        told.setdefault(path.stem[:8], []).extend(read_alerts(path))  # the simulator numbers visits by night
    assert set(files) == set(told)
    assert files == {n: [p for p in some if p["diaSource"]["snr"] > 10] for n, some in told.items()}


def test_every_visit_is_calibrated_against_the_truth(done):
    metrics = read_catalog(Path(done[0], "run", "release", "metrics.parquet"))
    error = metrics.take(metrics["name"] == "astrometric error")
    assert len(error) == 2
    assert np.all(error["value"] < 30)


def test_one_job_and_two_jobs_give_the_same_bytes(done, tmp_path):
    snakemake(tmp_path, cores=1)
    again = products(tmp_path)
    first = products(done[0])
    assert set(first) == set(again)
    assert [p for p in first if first[p] != again[p]] == []


def test_the_manifest_names_every_product_and_holds_together(done):
    folder = Path(done[0], "run")
    table = read_catalog(folder / "release" / "manifest.parquet")
    assert list(problems(table)) == []
    known = {p for p in products(done[0]) if not p.startswith("plan/")} - {"release/manifest.parquet"}
    assert {p for p in table["path"] if not p.startswith("plan/")} == known
    assert files_of(folder).strays == ()


def test_every_product_tells_its_way_back_to_the_raw_exposures(done):
    root = Path(done[0], "run")
    for path in (
        "release/report.html",
        "release/star/collection.properties",
        "object/object/00000/000.parquet",
    ):
        text = "\n".join(explain(root, path))
        assert "raw/" in text
        assert "Made by simulate_sky version" in text
        assert "CHANGED" not in text


def test_an_audit_finds_the_byte_that_somebody_changed(done, tmp_path):
    root = shutil.copytree(Path(done[0], "run"), tmp_path / "run", copy_function=shutil.copy2)
    table = read_catalog(root / "release" / "metrics.parquet")
    value = np.where(np.arange(len(table)) == 2, 0.5, table["value"])
    made_by = provenance_of(root / "release" / "metrics.parquet")
    changed = Catalog({**table.columns, "value": value}, table.meta)
    write_catalog(changed, root / "release" / "metrics.parquet", made_by, "metrics")
    campaign(tmp_path)
    again = ["release/metrics.parquet", "calib/gnomonsim/bias.h5"]
    call = [sys.executable, "-m", "snakemake", "--cores", "1", "--nolock", "--rerun-triggers", "mtime"]
    call += ["--configfile", str(tmp_path / "campaign.yaml"), "--config", f"root={tmp_path}/again"]
    verdicts = audit(root, tmp_path / "again", again, call)
    assert verdicts[0].difference.startswith("column value row [2]: 0.5 and")
    assert verdicts[1].difference == ""


def test_an_option_reruns_its_step_and_what_depends_on_it(done):
    config = {"steps": {**TOY["steps"], "calibrate_visit": {"detection_snr": 6.0}}}
    jobs = dry_run(done[0], config=config)
    assert jobs["calibrate_visit"] == SCIENCE
    assert not {"simulate", "simulate_sky", "isr", "master_flat", "master_bias"} & set(jobs)
    assert jobs["report"] == 1


def test_an_option_of_the_report_reruns_the_report_alone(done):
    config = {"steps": {**TOY["steps"], "report": {"title": "other"}}}
    assert dry_run(done[0], config=config) == {"report": 1, "manifest": 1}


def test_a_withdrawn_visit_changes_only_what_used_it(done, tmp_path):
    run = shutil.copytree(Path(done[0], "run"), tmp_path / "run", copy_function=shutil.copy2)
    visit = max(int(p.stem) for p in (run / "preliminary" / "summary").glob("*.parquet"))
    jobs = dry_run(tmp_path, config={"withdrawn": [visit]})
    assert not {"simulate", "isr", "calibrate_visit", "master_bias", "master_flat"} & set(jobs)
    assert jobs["report"] == 1


def test_a_corrupt_raw_file_is_named_and_the_others_finish(done, tmp_path):
    run = shutil.copytree(Path(done[0], "run"), tmp_path / "run", copy_function=shutil.copy2)
    visit = max(int(p.stem) for p in (run / "preliminary" / "summary").glob("*.parquet"))
    raw = run / "raw" / f"{visit}.fits"
    raw.write_bytes(raw.read_bytes()[:20000])
    snakemake(tmp_path)
    summary = read_catalog(run / "preliminary" / "summary" / f"{visit}.parquet")
    assert len(summary) == 0
    assert summary.meta["empty_reason"]
    page = (run / "release" / "report.html").read_text()
    failed = page[
        page.index('<section id="what-failed-and-why">') : page.index('<section id="requirements">')
    ]
    assert f"visit={visit}" in failed
    assert str(summary.meta["empty_reason"]).split(":")[0] in html.unescape(failed)


def test_a_misspelt_option_is_one_clear_sentence_before_any_work(tmp_path):
    config = {"steps": {**TOY["steps"], "isr": {"master": []}}}
    text = snakemake(tmp_path, "-n", config=config, check=False)
    assert "did you mean 'masters'" in text
    assert not (tmp_path / "run").exists()


CHROMIUM = shutil.which("chromium")


@pytest.mark.skipif(not CHROMIUM, reason="no chromium on this machine")
def test_a_browser_shows_every_picture_of_the_report(done, tmp_path):
    page = Path(done[0], "run", "release", "report.html")
    shown = "[...document.images].filter(i => i.naturalWidth > 0).length"
    count = f"<script>document.body.append(' shown:' + {shown})</script>"
    probe = tmp_path / "probe.html"
    probe.write_text(page.read_text().replace("</body>", count + "</body>"))
    flags = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
    ]
    flags += [
        "--disable-quic",
        "--disable-component-update",
        "--disable-sync",
        f"--user-data-dir={tmp_path}/chromium",
    ]
    shown = subprocess.run(
        [CHROMIUM, *flags, "--dump-dom", probe.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    ).stdout
    assert f"shown:{page.read_text().count('<img')}" in shown
