from dataclasses import replace

import numpy as np
import pytest

import field
from algorithms.scenes import draw
from gnomon.containers.catalog import Catalog
from gnomon.containers.coadd import empty_coadd
from gnomon.containers.image import Image
from gnomon.errors import UnprocessableData
from gnomon.io.catalogs import conform
from gnomon.pipeline.diff import DifferenceConfig
from gnomon.steps.difference import difference, kernel_stars

NEW = 230.4, 170.7
"""Pixel of a new star, which no other is near."""


def sources(image):
    """What the visit's source table says of the stars on it."""
    ra, dec, flux = field.stars()
    x, y = image.wcs.sky_to_pixel(ra, dec)
    n = len(x)
    none = np.zeros(n, np.uint32)
    columns = {"detector": np.zeros(n, np.int16), "x": x, "y": y, "psfFlux": flux, "psfFluxErr": flux / 100}
    return Catalog({**columns, "flags": none})


def with_new_star(image, flux, sigma):
    extra = draw(image.image.shape, [NEW[1]], [NEW[0]], [flux / field.CORRECTION], sigma).astype("f4")
    own = image.image
    return replace(image, image=Image(own.flux + extra, own.variance, own.mask))


def run(image, coadds=None, visit=42, **config):
    data_id = replace(field.data_id(), visit=visit, detector=0)
    given = [field.coadded("r")] if coadds is None else coadds
    summary = field.summary(visit, image)
    return difference(
        image, sources(image), summary, given, data_id=data_id, config=DifferenceConfig(**config)
    )


@pytest.fixture(scope="module", params=[2.0, 1.3], ids=["sharper template", "worse template"])
def done(request):
    # the coadd's stars have sigmas of 1.5 to 1.65 px
    plain = field.calibrated(42, sigma=request.param)
    return run(with_new_star(plain, 3000.0, request.param)), plain


def test_the_new_star_is_found_with_its_total_flux_and_place(done):
    made, plain = done
    table = conform(made.candidates, "dia_source")
    i = np.hypot(table["x"] - NEW[0], table["y"] - NEW[1]).argmin()
    assert table["psfFlux"][i] == pytest.approx(3000.0, abs=4 * table["psfFluxErr"][i])
    ra, dec = plain.wcs.pixel_to_sky(np.array([NEW[0]]), np.array([NEW[1]]))
    off = np.hypot(table["ra"][i] - np.degrees(ra[0]), table["dec"][i] - np.degrees(dec[0])) * 3600
    assert off < 5 * 3600 * np.hypot(table["raErr"][i], table["decErr"][i])
    assert table["midpointMjdTai"][i] == 61042.0 and table["band"][i] == "r"


def test_stars_that_stay_are_no_detections(done):
    # The template covers 340 px of the 460 and ends within the detector: stars at its edge are left as found.
    made, _ = done
    table = made.candidates
    other = np.hypot(table["x"] - NEW[0], table["y"] - NEW[1]) > 3
    assert other.sum() <= 3


def test_noise_of_the_difference_is_its_variance_plane(done):
    # Pixels away from stars; the template's noise is correlated by its warps, which the plane leaves out: 5 %.
    made, plain = done
    ra, dec, flux = field.stars()
    x, y = plain.wcs.sky_to_pixel(ra, dec)
    light = draw(plain.image.shape, y, x, flux, 2.5) > 0.5
    known = (made.image.image.variance > 0) & (made.image.image.mask == 0) & ~light
    chi = made.image.image.flux[known] / np.sqrt(made.image.image.variance[known])
    assert known.sum() > 1e4
    assert chi.std() == pytest.approx(1.0, abs=0.05)


def test_template_and_difference_make_the_image(done):
    made, plain = done
    assert made.template.image.shape == plain.image.shape
    ra, dec, flux = field.stars()
    x, y = np.rint(plain.wcs.sky_to_pixel(ra, dec)).astype(int)
    bright = flux > 3e4
    known = made.image.image.variance[y, x] > 0
    pick = bright & known
    assert (
        made.template.image.flux[y, x][pick] > 20 * np.abs(made.image.image.flux[y, x][pick])
    ).mean() > 0.9


def test_same_input_gives_the_same_table():
    image = field.calibrated(42, sigma=2.0)
    first, second = run(image), run(image)
    assert first.image.image.flux.tobytes() == second.image.image.flux.tobytes()


def test_no_template_is_told():
    image = field.calibrated(42)
    for coadds in ([], [empty_coadd("no visits")], [field.coadded("i")]):
        with pytest.raises(UnprocessableData, match="template"):
            run(image, coadds)


def test_detector_without_summary_is_told():
    image = field.calibrated(42)
    with pytest.raises(UnprocessableData, match="summary"):
        difference(
            image, sources(image), field.summary(42, image), [], data_id=replace(field.data_id(), detector=7),
            config=DifferenceConfig(),
        )  # fmt: skip


def test_too_few_stars_are_told_and_the_difference_is_made():
    made = run(field.calibrated(42), star_snr=200.0)
    assert made.candidates.meta["note"].startswith("detector 0: kernel of the PSF models: 0 stars")
    assert (made.image.image.variance > 0).mean() > 0.4


def test_kernel_stars_are_clean_and_bright():
    image = field.calibrated(42)
    table = sources(image)
    flags = table["flags"].copy()
    flags[:10] = 1 << 8
    chosen = kernel_stars(table.with_columns(flags=flags), 20.0)
    assert len(chosen) == 39
    assert (np.diff(chosen["psfFlux"] / chosen["psfFluxErr"]) <= 0).all()
