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
    for name in BY_VISIT:
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


def test_a_service_killed_in_the_middle_ends_with_the_bytes_of_the_campaign(done, tmp_path):
    raws = before_the_night(done, tmp_path)
    killed = start(tmp_path, *raws)
    first = tmp_path / "run" / "preliminary" / "image" / f"{raws[0].stem}.fits"
    while not first.exists():
        assert killed.poll() is None
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    text = finish(start(tmp_path, *raws, "--publish", tmp_path / "out"))
    assert f"visit {raws[0].stem}" in text
    assert "isr there" in text.splitlines()[0]
    made, campaigns = products(tmp_path), products(done)
    last = [p for p in campaigns if p.startswith(BY_VISIT) and raws[1].stem in p]
    assert len(last) >= 8
    assert [p for p in last if made[p] != campaigns[p]] == []
    # the alerts of the night's first visit name fewer inputs: the second had not been taken yet
    mine = [p for p in campaigns if p.startswith(("post_isr", "preliminary", "calexp")) and "2027" in p]
    assert [p for p in mine if made[p] != campaigns[p]] == []
    for raw in raws:
        told = read_alerts(tmp_path / "run" / "alert" / f"{raw.stem}.avro")
        assert len(told) == len(read_alerts(tmp_path / "out" / f"{raw.stem}.avro"))
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
