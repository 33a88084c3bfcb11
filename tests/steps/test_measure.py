import numpy as np
import pytest

import field
from gnomon.containers.coadd import empty_coadd
from gnomon.errors import UnprocessableData
from gnomon.io.catalogs import conform
from gnomon.pipeline.object import DetectObjectsConfig, MeasureConfig
from gnomon.steps.detect_objects import detect_objects
from gnomon.steps.measure import measure


def run(coadds):
    found = detect_objects(coadds, data_id=field.data_id(), config=DetectObjectsConfig())
    return measure(field.skymap(), coadds, found, data_id=field.data_id(), config=MeasureConfig())


@pytest.fixture(scope="module")
def done():
    return run([field.coadded("r"), field.coadded("i"), empty_coadd("no visit")])


def matched(table):
    """Row of every star."""
    ra, dec, flux = field.stars()
    x, y = field.skymap().patch_wcs(0, 0).sky_to_pixel(ra, dec)
    row = np.hypot(table["x"][:, None] - x, table["y"][:, None] - y).argmin(axis=0)
    return table.take(row), ra, dec, flux


def test_the_table_follows_its_schema(done):
    assert len(conform(done, "object")) == len(done)


def ratios(table):
    """Measured over true flux and its error, of the stars in both bands."""
    stars, _, _, flux = matched(table)
    true = {"r": flux, "i": 1.5 * flux}
    return tuple(
        np.concatenate([stars[f"{b}_{name}"] / true[b] for b in true]) for name in ("psfFlux", "psfFluxErr")
    )


def test_psf_fluxes_are_total_and_errors_right(done):
    ratio, error = ratios(done)
    # edge and interpolation of the stamp cost 4e-4 (docs/measurement.md), stars know the mean to 1e-4
    assert abs(np.average(ratio, weights=error**-2) - 1) < 1e-3
    # the width of 98 pulls is known to 7 %; the noise scale of a field so full of stars is 5 % too wide
    assert 0.75 < np.std((ratio - 1) / np.hypot(error, 2e-4)) < 1.2


def test_places_are_those_of_the_sky(done):
    stars, ra, dec, _ = matched(done)
    dx = (np.radians(stars["coord_ra"]) - ra) * np.cos(dec) / field.ARCSEC
    dy = (np.radians(stars["coord_dec"]) - dec) / field.ARCSEC
    # S/N 60 at least, FWHM 0.75 arcsec: 6 mas
    assert max(np.std(dx), np.std(dy)) < 0.006
    assert (stars["extendedness"] == 0).mean() > 0.9


def test_bands_without_images_are_null_and_flagged(done):
    assert np.isnan(done["g_psfFlux"]).all()
    assert done["g_flag_missing"].all()
    assert not done["r_flag_missing"].any()


def test_objects_of_the_border_are_not_primary(done):
    inner = field.skymap().patch_bbox(0, 0, inner=True)
    edge = field.GRID.patch_border
    x, y = done["x"] - edge, done["y"] - edge
    inside = (x > -0.5) & (x < inner.nx - 0.5) & (y > -0.5) & (y < inner.ny - 0.5)
    np.testing.assert_array_equal(done["detect_isPrimary"], inside)


def test_order_of_bands_does_not_matter(done):
    again = run([field.coadded("i"), field.coadded("r")])
    np.testing.assert_allclose(again["r_psfFlux"], done["r_psfFlux"], rtol=1e-5)


def test_no_detection_is_told():
    with pytest.raises(UnprocessableData, match="no object"):
        measure(field.skymap(), [], {}, data_id=field.data_id(), config=MeasureConfig())
