import os

import pytest

from gnomon.containers.dataid import DataId
from gnomon.containers.provenance import Provenance
from gnomon.io import store

MADE_BY, VISIT = Provenance("isr", 1, "{}", {"raw/1.fits": "a"}), DataId(visit=1)


@pytest.fixture
def kept(tmp_path):
    product = tmp_path / "one" / "1.fits"
    product.parent.mkdir()
    product.write_text("pixels")
    store.give(str(tmp_path / "store"), MADE_BY, VISIT, {"post_isr": str(product)})
    return tmp_path


def take(folder, made_by=MADE_BY, data_id=VISIT, **outputs):
    there = {n: str(folder / "two" / p) for n, p in (outputs or {"post_isr": "1.fits"}).items()}
    return store.take(str(folder / "store"), made_by, data_id, there)


def test_a_product_made_from_the_same_is_the_same_file(kept):
    assert take(kept)
    assert (kept / "two" / "1.fits").samefile(kept / "one" / "1.fits")


@pytest.mark.parametrize(
    "made_by, data_id",
    [
        (Provenance("isr", 2, "{}", MADE_BY.inputs), VISIT),
        (Provenance("isr", 1, '{"a": 1}', MADE_BY.inputs), VISIT),
        (Provenance("isr", 1, "{}", {"raw/1.fits": "b"}), VISIT),
        (MADE_BY, DataId(visit=2)),
    ],
)
def test_anything_else_is_made_anew(kept, made_by, data_id):
    assert not take(kept, made_by, data_id)
    assert not (kept / "two").exists()


def test_all_products_of_a_job_or_none(kept):
    assert not take(kept, post_isr="1.fits", other="2.fits")
    assert not (kept / "two").exists()


def test_a_product_that_is_written_again_leaves_the_other_release_alone(kept):
    take(kept)
    fresh = kept / "two" / "fresh"
    fresh.write_text("other")
    fresh.replace(kept / "two" / "1.fits")
    assert (kept / "one" / "1.fits").read_text() == "pixels"


def test_taking_does_not_touch_the_release_it_came_from(kept):
    """Snakemake sets the time of a job's outputs when it ends, of a link that of the link."""
    before = (kept / "one" / "1.fits").stat()
    take(kept)
    os.utime(kept / "two" / "1.fits", (before.st_mtime + 9,) * 2, follow_symlinks=False)
    assert (kept / "one" / "1.fits").stat().st_mtime == before.st_mtime


def test_keeping_again_is_harmless(kept):
    store.give(str(kept / "store"), MADE_BY, VISIT, {"post_isr": str(kept / "one" / "1.fits")})
    assert take(kept)
    assert not list(kept.rglob("*.tmp"))
