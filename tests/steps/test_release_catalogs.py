import numpy as np
import pyarrow.parquet as pq
import pytest

from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.containers.provenance import Provenance
from gnomon.datamodel import DATASETS
from gnomon.errors import UnprocessableData
from gnomon.io import formats
from gnomon.io.catalogs import empty_catalog
from gnomon.pipeline.release import ReleaseCatalogsConfig
from gnomon.schemas import schema
from gnomon.steps.release_catalogs import release_catalogs

MADE_BY = Provenance("release_catalogs", 1, "{}", {})


def motions(n, ra0):
    columns = {c.name: np.zeros(n, c.dtype) for c in schema("star_motion")}
    return Catalog({**columns, "isolatedStarId": np.arange(n), "coord_ra": ra0 + np.arange(n) * 0.01})


def run(tables):
    return release_catalogs(tables, data_id=DataId(), config=ReleaseCatalogsConfig(max_rows=100))


def test_all_tracts_are_in_the_release_with_units(tmp_path):
    path = str(tmp_path / "star/hats.properties")
    table = run([motions(30, 10.0), empty_catalog("star_motion", "no stars"), motions(50, 200.0)])
    formats.write(DATASETS["release_star"], table, path, MADE_BY)
    metadata = pq.read_metadata(tmp_path / "star/dataset/_metadata")
    assert metadata.num_rows == 80
    field = pq.read_schema(tmp_path / "star/dataset/_common_metadata").field("pmRa")
    assert field.metadata[b"unit"] == b"mas.yr-1"


def test_stars_without_a_position_are_left_out():
    tracts = motions(5, 10.0)
    tracts["coord_ra"][2] = np.nan
    assert len(run([tracts])) == 4


def test_release_without_stars_is_valid_and_says_so(tmp_path):
    with pytest.raises(UnprocessableData, match="no tract"):
        run([empty_catalog("star_motion", "cloudy")])
    path = tmp_path / "star/hats.properties"
    formats.write_empty(DATASETS["release_star"], "no tract has isolated stars", str(path), MADE_BY)
    assert "hats_nrows=0" in path.read_text()
