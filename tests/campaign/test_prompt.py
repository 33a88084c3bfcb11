"""The service on the toy survey: the campaign's bytes, a kill in the middle, broken and repeated files."""

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from campaigns import ROOT, dry_run, products, snakemake

from gnomon.io.alert_avro import read_alerts
from gnomon.io.catalogs import read_catalog

pytestmark = pytest.mark.campaign
LAST_NIGHT = ("2027101201001", "2027101201002")
BY_VISIT = ("post_isr", "preliminary", "calexp", "diff", "alert")
"""Folders of what the service makes of a visit."""


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """The campaign as far as its alerts."""
    folder = tmp_path_factory.mktemp("toy")
    snakemake(folder, *(f"{folder}/run/alert/{v}.avro" for v in LAST_NIGHT))
    return folder


def before_the_night(done, folder):
    """A copy of the run without what the last night's visits made."""
    shutil.copytree(Path(done, "run"), folder / "run", copy_function=shutil.copy2)
    shutil.copy(Path(done, "campaign.yaml"), folder / "campaign.yaml")
    text = (folder / "campaign.yaml").read_text().replace(str(done), str(folder))
    (folder / "campaign.yaml").write_text(text)
    for name in (*BY_VISIT, "benchmark"):  # a benchmark counts as a product when Snakemake looks for old ones
        for path in (folder / "run" / name).rglob("2027*"):
            path.unlink()
    return [folder / "run" / "raw" / f"{v}.fits" for v in LAST_NIGHT]


def start(folder, *words):
    command = [sys.executable, "scripts/prompt.py", "--configfile", str(folder / "campaign.yaml")]
    return subprocess.Popen(
        [*command, *map(str, words)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def finish(process):
    text, _ = process.communicate(timeout=600)
    assert process.returncode == 0, text
    return text


def assert_campaign_makes_the_same(folder, product):
    """The campaign's own job, on the inputs that the service had, writes the same bytes."""
    path = folder / product
    before = path.read_bytes()
    path.unlink()
    snakemake(folder, str(path), "--allowed-rules", "alert", "--rerun-triggers", "mtime")
    assert path.read_bytes() == before


def test_a_service_killed_in_the_middle_ends_with_the_bytes_of_the_campaign(done, tmp_path):
    raws = before_the_night(done, tmp_path)
    killed = start(tmp_path, *raws)
    first = tmp_path / "run" / "preliminary" / "image" / f"{raws[0].stem}.fits"
    while not first.exists():
        assert killed.poll() is None
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    text = finish(start(tmp_path, *raws, "--publish", tmp_path / "out"))
    resumed = next(line for line in text.splitlines() if line.startswith(f"visit {raws[0].stem}"))
    assert "isr there" in resumed
    made, campaigns = products(tmp_path), products(done)
    mine = [p for p in campaigns if p.startswith(BY_VISIT) and "2027" in p]
    # forced photometry of objects on the visit before the one that found them is made by day, and alerts hold it
    late = {f"alert/{v}.avro" for v in LAST_NIGHT} | {f"diff/dia_forced_source/{LAST_NIGHT[0]}.parquet"}
    assert len(mine) >= 20
    assert {p for p in mine if made[p] != campaigns[p]} <= late
    assert made["moving/ss_source/20271012.parquet"] == campaigns["moving/ss_source/20271012.parquet"]
    assert_campaign_makes_the_same(tmp_path, f"run/alert/{LAST_NIGHT[1]}.avro")
    for raw in raws:
        told = read_alerts(tmp_path / "run" / "alert" / f"{raw.stem}.avro")
        published = tmp_path / "out" / f"{raw.stem}.avro"  # a visit without alerts publishes nothing
        assert len(told) == (len(read_alerts(published)) if published.exists() else 0)
        bright = tmp_path / "out" / "bright" / f"{raw.stem}.avro"
        passed = [p["diaSourceId"] for p in told if p["diaSource"]["snr"] > 10]
        assert [p["diaSourceId"] for p in read_alerts(bright)] == passed if told else not bright.exists()
    lines = (tmp_path / "run" / "prompt" / "journal.jsonl").read_text().splitlines()
    assert [json.loads(line)["state"] for line in lines] == ["done", "done"]
    assert not {"isr", "calibrate_visit"} & set(dry_run(tmp_path))


def test_broken_and_repeated_files_stop_nothing(done, tmp_path):
    raws = before_the_night(done, tmp_path)
    raws[0].write_bytes(raws[0].read_bytes()[:20000])
    again = tmp_path / "again.fits"
    shutil.copy(raws[1], again)
    text = finish(start(tmp_path, *raws, again, raws[1], tmp_path / "nowhere.fits")).splitlines()
    said = [line for line in text if line.startswith(("visit", "again", raws[1].name, str(tmp_path)))]
    assert "cut short" in said[0]
    assert "publish" in said[1]
    assert f"visit {raws[1].stem} was taken from {raws[1].name} already" in said[2]
    assert "taken already" in said[3]
    assert "no such file" in said[4]
    summary = read_catalog(tmp_path / "run" / "preliminary" / "summary" / f"{raws[0].stem}.parquet")
    assert len(summary) == 0
    assert summary.meta["empty_reason"]
    assert read_alerts(tmp_path / "run" / "alert" / f"{raws[0].stem}.avro") == []


def test_a_folder_is_watched_until_nothing_comes(done, tmp_path):
    raws = before_the_night(done, tmp_path)
    folder = tmp_path / "camera"
    folder.mkdir()
    service = start(
        tmp_path,
        "--watch",
        folder,
        "--settle-s",
        "0.3",
        "--give-up-s",
        "20",
        "--poll-s",
        "0.1",
        "--idle-s",
        "15",
    )
    whole = raws[1].read_bytes()
    with open(folder / raws[1].name, "wb") as slow:
        for part in (whole[: len(whole) // 2], whole[len(whole) // 2 :]):
            slow.write(part)
            slow.flush()
            time.sleep(1.0)
    text = finish(service)
    assert f"visit {raws[1].stem}: waited" in text
    assert "left out" not in text
