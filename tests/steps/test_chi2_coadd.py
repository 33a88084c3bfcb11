import numpy as np
import pytest

import field
from gnomon.containers.coadd import empty_coadd
from gnomon.errors import UnprocessableData
from gnomon.pipeline.coadd import Chi2Config
from gnomon.steps.chi2_coadd import chi2_coadd


def run(coadds):
    return chi2_coadd(coadds, data_id=field.data_id(), config=Chi2Config())


def test_stars_of_two_bands_stand_out_of_a_sky_that_is_the_number_of_bands():
    coadds = [field.coadded(b) for b in ("r", "i")]
    made = run([empty_coadd("no visit"), *coadds])
    assert made.band == "ri"
    assert (made.count == 2).mean() > 0.9
    # the median of chi squared of two degrees of freedom is 2 ln 2; stars hold some of the pixels
    assert np.median(made.image.flux) == pytest.approx(2 * np.log(2), rel=0.15)
    ra, dec, flux = field.stars()
    x, y = (np.rint(v).astype(int) for v in made.wcs.sky_to_pixel(ra, dec))
    alone = [c.image.flux[y, x] ** 2 / c.image.variance[y, x] for c in coadds]
    np.testing.assert_allclose(made.image.flux[y, x], sum(alone), rtol=1e-5)


def test_one_band_and_none():
    made = run([field.coadded("r")])
    assert made.count.max() == 1
    with pytest.raises(UnprocessableData, match="none of 1"):
        run([empty_coadd("no visit")])
