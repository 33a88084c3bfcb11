from dataclasses import replace

import numpy as np
import pytest

from gnomon.containers.catalog import Catalog
from gnomon.containers.wcs import plane_to_sky
from gnomon.errors import ConfigError
from gnomon.io.catalogs import conform
from gnomon.plan.exposures import corners_of, exposures_of, simulated_table, tiling_of, without_withdrawn
from gnomon.sim.recipe import toy_recipe
from gnomon.smk import campaign_options

TOY = {"campaign": "toy", "instrument": "gnomonsim"}


def _science(table):
    return table.take(table["obstype"] == "science")


def test_the_simulated_table_has_the_schema_of_ingest():
    table = simulated_table(toy_recipe())
    assert len(conform(table, "visit_detector")) == 4 + 3 + 2 + 4
    ra, dec = corners_of(_science(table))
    # 1024 pixels of 0.2 arcsec, dithered by 3 arcsec about 330, -12.25 and believed to 2.5 arcsec rms
    assert np.abs(np.degrees(ra.mean()) - 330.0).max() < 0.005
    assert np.abs(np.degrees(dec.mean()) + 12.25).max() < 0.005
    assert np.degrees(np.ptp(dec)) * 3600 < 204.8 * 1.5 + 30


def test_withdrawn_visits_are_as_if_never_taken():
    table = simulated_table(toy_recipe())
    visit = int(_science(table)["visit"][0])
    left = without_withdrawn(table, [visit])
    assert set(table["visit"].tolist()) - set(left["visit"].tolist()) == {visit}
    with pytest.raises(ConfigError, match="no visit 17"):
        without_withdrawn(table, [17])


@pytest.mark.parametrize("ra0", [0.0, 1.0, 2 * np.pi - 1e-4])
@pytest.mark.parametrize("dec0", [0.0, -1.2, 0.9])
def test_a_tract_about_the_exposures_holds_them(ra0, dec0):
    rng = np.random.default_rng(9)
    ra, dec = plane_to_sky(rng.uniform(-0.01, 0.01, (6, 4)), rng.uniform(-0.005, 0.005, (6, 4)), (ra0, dec0))
    corners = {f"{c}ra": np.degrees(ra[:, k]) for k, c in enumerate(("llc", "lrc", "urc", "ulc"))}
    corners |= {f"{c}dec": np.degrees(dec[:, k]) for k, c in enumerate(("llc", "lrc", "urc", "ulc"))}
    skymap = tiling_of(campaign_options({**TOY, "skymap": {"patch_cells": 10}}), Catalog(corners)).skymap()
    assert len(skymap) == 1
    assert (skymap.tract_of(ra, dec) == 0).all()
    side = 1500 * 0.2 / 3600
    assert int(skymap.nx[0]) <= np.ceil(np.degrees(0.02) / side) + 2


def test_exposures_all_over_the_sky_need_tracts_by_name():
    table = simulated_table(toy_recipe())
    other = simulated_table(replace(toy_recipe(), dec_deg=40.0))
    both = Catalog({n: np.concatenate([table[n], other[n]]) for n in table.columns})
    with pytest.raises(ConfigError, match="too far for one tract"):
        tiling_of(campaign_options(TOY), _science(both))


def test_a_named_tract_stays_where_it_is():
    skymap = {"tracts_deg": [[10.0, 20.0, 0.1, 0.1]]}
    tiling = tiling_of(campaign_options({**TOY, "skymap": skymap}), _science(simulated_table(toy_recipe())))
    assert tiling.tracts_deg == ((10.0, 20.0, 0.1, 0.1),)


def test_a_folder_without_exposures_is_refused_with_the_reason(tmp_path):
    (tmp_path / "a.fits").write_bytes(b"no FITS at all")
    with pytest.raises(ConfigError, match=r"no exposure of gnomonsim, 1 files refused.*a\.fits"):
        exposures_of(campaign_options({**TOY, "data": str(tmp_path)}))


def test_a_real_camera_is_not_simulated():
    with pytest.raises(ConfigError, match="give the folder of the exposures of vircam as data=DIR"):
        exposures_of(campaign_options({**TOY, "instrument": "vircam"}))
