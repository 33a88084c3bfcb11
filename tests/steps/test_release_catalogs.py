import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from summaries import rows, summary

from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.containers.provenance import Provenance
from gnomon.datamodel import DATASETS
from gnomon.errors import UnprocessableData
from gnomon.io import formats
from gnomon.io.catalogs import conform, empty_catalog
from gnomon.pipeline import STEPS
from gnomon.pipeline.release import ReleaseCatalogsConfig
from gnomon.steps.release_catalogs import release_catalogs

MADE_BY = Provenance("release_catalogs", 1, "{}", {})
STEP = STEPS["release_catalogs"]
NOTHING = {
    name: [empty_catalog(DATASETS[want.dataset].schema, f"no {want.dataset}")]
    for name, want in STEP.reads.items()
}


def run(**given):
    config = ReleaseCatalogsConfig(max_rows=100)
    return release_catalogs(**{**NOTHING, **given}, data_id=DataId(), config=config)


def objects(n, ra0=10.0, primary=True):
    place = {"coord_ra": ra0 + np.arange(n) * 0.01, "detect_isPrimary": np.full(n, primary)}
    return Catalog(rows("object", n, objectId=np.arange(n), **place))


def redshifts(n):
    table = rows("photoz", n, objectId=np.arange(n)[::-1], z_mean=np.arange(n)[::-1] / 10)
    return Catalog({**table, "pz": np.zeros((n, 4), np.uint8)})


def write(release, folder):
    """All tables in a folder, and where each is."""
    for name, dataset in STEP.writes.items():
        path = str(folder / name / Path(DATASETS[dataset].template).name)
        formats.write(DATASETS[dataset], getattr(release, name), path, MADE_BY)
    return folder


def test_an_object_stands_once_with_its_own_redshift(tmp_path):
    parts = [objects(5), objects(5, 20.0, primary=False)]
    empty = {n: NOTHING[n] * 2 for n in ("redshifts", "variability")}
    release = run(objects=parts, **{**empty, "redshifts": [redshifts(4), *NOTHING["redshifts"]]})
    first, second = release.object.parts
    assert len(second) == 0
    np.testing.assert_allclose(first["z_mean"], [0, 0.1, 0.2, 0.3, np.nan], rtol=1e-6)
    assert "pz" not in first
    found = pq.read_table(write(release, tmp_path) / "object/object/dataset", partitioning=None)
    assert found["objectId"].to_pylist() == list(range(5)) or sorted(found["objectId"].to_pylist()) == list(
        range(5)
    )


def test_pz_stays_with_the_redshifts(tmp_path):
    write(run(redshifts=[redshifts(4)]), tmp_path)
    table = pq.read_table(tmp_path / "photoz/photoz/dataset", partitioning=None)
    assert len(table["pz"][0].as_py()) == 4


def test_all_visits_are_in_the_release(tmp_path):
    release = run(summaries=[summary(1, "r"), *NOTHING["summaries"], summary(2, "g")])
    assert release.visit["visit"].tolist() == [1, 2]
    assert len(conform(release.visit_detector, "visit_summary")) == 4


def test_a_release_of_nothing_is_valid_and_says_so(tmp_path):
    write(run(), tmp_path)
    said = (tmp_path / "star/collection.properties").read_text()
    assert "gnomon_empty_reason=no star_motion" in said
    assert formats.read(DATASETS["release_visit"], tmp_path / "visit/visit.parquet").meta["empty_reason"]


def test_a_campaign_without_visits_is_refused():
    with pytest.raises(UnprocessableData, match="no visits"):
        run(summaries=[])


def test_a_detection_knows_its_object(tmp_path):
    seen = Catalog(rows("dia_source", 3, diaSourceId=[5, 6, 7], ra=[1, 2, 3]))
    link = Catalog(rows("dia_association", 2, diaSourceId=[7, 5], diaObjectId=[70, 50]))
    release = run(dia_sources=[seen, *NOTHING["dia_sources"]], dia_associations=[link])
    assert release.dia_source.parts[0]["diaObjectId"].tolist() == [50, 0, 70]
    write(release, tmp_path)
    table = pq.read_table(tmp_path / "dia_source/dia_source/dataset", partitioning=None)
    assert sorted(table["diaObjectId"].to_pylist()) == [0, 50, 70]
