import numpy as np
import pytest

import field
from gnomon.containers.catalog import Catalog
from gnomon.errors import UnprocessableData
from gnomon.io.catalogs import empty_catalog
from gnomon.pipeline.object import MassMapConfig
from gnomon.steps.mass_map import mass_map

CONFIG = MassMapConfig(pixel_arcsec=4.0, smoothing_arcsec=6.0)
RESPONSE = 0.45


def lensed(n=4000):
    """Galaxies without noise of shape about an isothermal halo 10 arcsec east of the middle of the tract."""
    rng = np.random.default_rng(0)
    ra0, dec0 = np.degrees(field.skymap().tract_wcs(0).crval)
    east, north = rng.uniform(-60, 60, (2, n))
    z = (east - 10) + 1j * north
    g = -0.5 / np.maximum(np.abs(z), 5) * np.exp(2j * np.angle(z))
    columns = {
        "coord_ra": ra0 + east / 3600 / np.cos(np.radians(dec0)), "coord_dec": dec0 + north / 3600,
        "e1": RESPONSE * g.real, "e2": RESPONSE * g.imag, "response1": np.full(n, RESPONSE),
        "response2": np.full(n, RESPONSE), "shear_isSource": np.arange(n) % 5 > 0,
    }  # fmt: skip
    columns["e1"][:50] = np.nan
    return Catalog(columns)


def run(tables):
    return mass_map(field.skymap(), tables, data_id=field.data_id(), config=CONFIG)


def test_the_halo_is_where_it_was_put_and_in_the_e_mode():
    table = lensed()
    done = run(
        [
            table.take(np.arange(2000)),
            empty_catalog("shear_object", "dark"),
            table.take(np.arange(2000, 4000)),
        ]
    )
    k = done.map["kappa_e"]
    row, column = np.unravel_index(k.argmax(), k.shape)
    place = (np.array([column, row]) + 0.5) * 4.0 + float(done.map["corner_arcsec"])
    np.testing.assert_allclose(place, [10, 0], atol=6)
    assert k.std() > 3 * done.map["kappa_b"].std()
    assert (
        done.map["n"].sum() == 3160
    )  # four fifths of 4,000, less those of the first 50 that would have counted
    assert done.figure.rgb.shape[2] == 3


def test_order_of_tables_does_not_matter():
    table = lensed()
    a, b = table.take(np.arange(2000)), table.take(np.arange(2000, 4000))
    np.testing.assert_allclose(run([a, b]).map["kappa_e"], run([b, a]).map["kappa_e"], atol=1e-12)


def test_too_few_galaxies_are_told():
    with pytest.raises(UnprocessableData, match="0 galaxies"):
        run([empty_catalog("shear_object", "dark")])
    with pytest.raises(UnprocessableData, match="at least 30"):
        run([lensed().take(np.arange(60, 70))])
