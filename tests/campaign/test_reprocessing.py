"""A night more, a visit less, another option: what depends on it is made again, and no more, as in a new release.

The toy survey up to its coadds. Releases made from nothing share a store: what is the same in two of them is made once.
"""

import os
import random
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "bench"))
from campaigns import TOY, products, snakemake
from fault_drill import killed

pytestmark = pytest.mark.campaign
NIGHTS = [2026101201001, 2026101201002], [2027101201001, 2027101201002]
COADDS = [f"coadd/deep/{band}/00000/000.fits" for band in "ri"]
GONE = {"withdrawn": NIGHTS[1][1:]}
OTHER = {**GONE, "steps": {**TOY["steps"], "coadd": {"psf_size_px": 29}}}
CHANGES = {"a night more": {}, "a visit less": GONE, "another option": OTHER}
EARLY = ("raw", "truth", "calib", "post_isr", "preliminary")


def release(folder, **config):
    """Bring the coadds of a campaign up to date; its products by path."""
    snakemake(folder, "--", *(str(folder / "run" / path) for path in COADDS), config=config)
    return {p: b for p, b in products(folder).items() if not p.startswith("plan/")}


def files(folder):
    """What tells a file from another one that has taken its place."""
    told = {str(p.relative_to(folder / "run")): p.lstat() for p in (folder / "run").rglob("*")}
    return {
        path: (one.st_ino, one.st_mtime_ns) for path, one in told.items()
    }  # numbers of gone files come again


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return {"store": str(tmp_path_factory.mktemp("store"))}


@pytest.fixture(scope="module")
def whole(tmp_path_factory, store):
    folder = tmp_path_factory.mktemp("whole")
    return SimpleNamespace(folder=folder, made=release(folder, **store))


@pytest.fixture(scope="module")
def history(tmp_path_factory, store, whole):
    """One release that is changed three times: its products before and after, those that were made again, those of a
    release made from nothing."""
    folder = tmp_path_factory.mktemp("history")
    before = release(folder, withdrawn=NIGHTS[1], **store)
    told = {}
    for change, config in CHANGES.items():
        there = files(folder)
        made = release(folder, **config)
        again = {p for p, number in files(folder).items() if p in made and there.get(p) != number}
        anew = whole.made if not config else release(tmp_path_factory.mktemp("anew"), **config, **store)
        told[change] = SimpleNamespace(before=before, made=made, again=again, anew=anew)
        before = made
    return told


@pytest.mark.parametrize("change", CHANGES)
def test_the_bytes_are_those_of_a_new_release(history, change):
    one = history[change]
    assert [p for p in one.anew if one.made.get(p) != one.anew[p]] == []
    left = set(one.made) - set(one.anew)  # of a visit that is gone; nobody reads it
    assert all(str(GONE["withdrawn"][0]) in p for p in left)


@pytest.mark.parametrize("change", CHANGES)
def test_what_depends_on_the_change_is_made_again_and_nothing_else(history, change):
    one = history[change]
    assert one.again == {p for p in one.anew if one.before.get(p) != one.anew[p]}


def test_each_change_reaches_as_far_as_it_should(history):
    night, visit, option = (history[c].again for c in CHANGES)
    assert not {p for p in night if p.startswith(EARLY) and str(NIGHTS[0][0]) in p}
    assert not {p for p in visit if p.startswith(EARLY)}
    assert option == set(COADDS)


def test_three_kills_change_no_byte(whole, tmp_path):
    """Of whatever a seed chooses among workers, scripts, the fork server and the head; 50 in the fault drill."""
    faults = killed(tmp_path, whole.folder / "run", 3, random.Random(3), 4.0, COADDS, say=lambda text: None)
    assert len(faults) == 3


def test_releases_share_what_is_the_same(whole, store, tmp_path):
    made = release(tmp_path, withdrawn=NIGHTS[1], **store)
    shared = {p for p in made if os.path.samefile(tmp_path / "run" / p, whole.folder / "run" / p)}
    assert shared == {p for p in made if made[p] == whole.made.get(p)}
    log = tmp_path / "run" / "log" / "isr" / f"{NIGHTS[0][0]}.log"
    assert "as in an earlier release" in log.read_text()
    assert not {
        p for p in files(whole.folder) if whole.made.get(p) and (whole.folder / "run" / p).is_symlink()
    }
