import numpy as np
import pytest

import field
from gnomon.algorithms.coadd.properties import tract_pixels
from gnomon.containers.provenance import Provenance
from gnomon.containers.sparsemap import SparseMap, empty_map
from gnomon.datamodel import DATASETS
from gnomon.errors import UnprocessableData
from gnomon.io import formats
from gnomon.pipeline.coadd import RandomsConfig
from gnomon.steps.randoms import randoms

NSIDE = 32768


def maps():
    pixel = tract_pixels(field.skymap(), 0, NSIDE).pixel
    depth = np.where(pixel == pixel[3], np.nan, 25.0 + np.arange(len(pixel)) / 100).astype(np.float32)
    seen = np.full(len(pixel), 6, np.float32)
    return SparseMap(NSIDE, pixel, {"n_exposure": seen, "r_depth": depth, "r_n_exposure": seen})


def run(given, **options):
    return randoms(field.skymap(), given, data_id=field.data_id(), config=RandomsConfig(**options))


def test_each_point_has_the_depth_of_its_pixel(tmp_path):
    given, made = maps(), run(maps(), per_arcmin2=500.0)
    table = made.randoms
    area = (field.GRID.patch_inner * field.GRID.pixel_scale * 180 * 60 / np.pi) ** 2
    assert len(table) == pytest.approx(500 * area, rel=0.3)  # 32 whole pixels stand for the patch
    np.testing.assert_array_equal(table["r_depth"], given.at("r_depth", table["pixel"]).astype(np.float32))
    assert np.isnan(table["u_depth"]).all()
    assert made.figure.rgb.std() > 10
    formats.write(DATASETS["random"], table, str(tmp_path / "r"), Provenance("randoms", 1, "{}", {}))


def test_maps_of_nothing_say_why():
    with pytest.raises(UnprocessableData, match="no coadds"):
        run(empty_map("no coadds"))
