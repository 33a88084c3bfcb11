"""One visit of the simulated survey: raw pixels and the truth about them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.containers.catalog import Catalog, concatenate
from gnomon.containers.raw import RawDetector, RawVisit
from gnomon.containers.wcs import Wcs
from gnomon.sim import galaxies
from gnomon.sim.bands import AB_ZERO_NJY, BAND
from gnomon.sim.camera import Sensor, sensor
from gnomon.sim.charge import gather_charge
from gnomon.sim.headers import detector_header, visit_header
from gnomon.sim.optics import corner_radius, detector_centres, refraction_spread, true_wcs, zenith_in_pixels
from gnomon.sim.psf import PsfField, PsfShape, psf_field, shape_at
from gnomon.sim.readout import bleed, cosmic_rays, read_detector
from gnomon.sim.recipe import SurveyRecipe
from gnomon.sim.render import Profiles, point_sources, render, stamps
from gnomon.sim.schedule import Visit, random_generator
from gnomon.sim.sky import GALAXY, Sky, sources_at
from gnomon.sim.trails import draw_trails, trail_image

F4 = npt.NDArray[np.float32]
F8 = npt.NDArray[np.float64]

_REACH_PX = 256  # sources this far outside a detector are still rendered
_FLAT_E = 20_000.0  # electrons in a flat
_FAINTEST_E = 1.0  # sources below this leave no trace
_NEFF = 2.266  # effective pixels of a PSF: 2.266 (FWHM / pixel)^2 (LSST LSE-40, eq. for n_eff)
_CR_SECONDS, _READOUT_S = 30.0, 2.0


@dataclass(frozen=True, slots=True)
class VisitTruth:
    """What is known of a simulated visit and may be seen by tests only."""

    sources: Catalog
    """Sources whose centres are on a detector: id, kind, row, detector, x, y, ra, dec (radians, without
    refraction), flux (nJy), electrons, snr (PSF-weighted, approximate)."""
    detectors: Catalog
    """Per detector: detector, zero_point (AB magnitude of one electron where the flat is 1), response (median of
    the flat: a master flat of median 1 moves the zero point by 2.5 log10 of it), background (electrons per pixel
    where the flat is 1), fwhm (arcsec, effective, centre of the detector)."""
    cosmic_rays: Catalog
    """Pixels hit: detector, x, y, electrons."""
    trails: Catalog
    """Satellites: see `trails.draw_trails`."""
    wcs: Mapping[int, Wcs]
    """True projection of each detector (of the reference star: refraction is apart)."""
    psf: PsfField | None
    """True profile; None for calibrations."""


def simulate_visit(recipe: SurveyRecipe, sky: Sky | None, visit: Visit) -> tuple[RawVisit, VisitTruth]:
    """Raw pixels and truth of one visit; independent of all other visits.

    ``sky`` may be None for calibration exposures.

    Raises
    ------
    ValueError
        A science exposure without a sky.
    """
    if sky is None and visit.obstype == "science":
        raise ValueError(f"visit {visit.visit} looks at the sky: found none, wanted build_sky(recipe)")
    detectors = range(recipe.camera.n_detectors)
    raws, rays, sources, rows = {}, [], [], []
    wcs = {d: true_wcs(recipe, visit, d) for d in detectors}
    trails = draw_trails(recipe, visit)
    field = psf_field(recipe, visit, corner_radius(recipe.camera)) if visit.obstype == "science" else None
    seen = sources_at(sky, visit.band, visit.mjd_tai) if field and sky else _no_sources()
    for d in detectors:
        part = sensor(recipe, d, visit.band)
        expected = _calibration_light(recipe, visit, part)
        if field and sky:
            expected, found, row = _science_light(recipe, visit, d, sky, seen, field, wcs[d], trails)
            expected *= part.flat
            sources.append(found)
            rows.append(row.with_columns(response=np.array([np.median(part.flat)])))
        raws[d], hits = _expose(recipe, visit, d, part, expected)
        rays.append(hits)
    truth = VisitTruth(_joined(sources), _joined(rows), concatenate(rays), trails, wcs, field)
    return RawVisit(visit_header(recipe, visit), raws), truth


def electrons_per_njy(visit: Visit) -> float:
    """Electrons in an exposure from 1 nJy above the atmosphere."""
    return float(10 ** (0.4 * (zero_point(visit) - AB_ZERO_NJY)))


def zero_point(visit: Visit) -> float:
    """AB magnitude above the atmosphere that gives one electron in this exposure."""
    band = BAND[visit.band]
    loss = band.extinction * (visit.airmass - 1) + visit.cloud_mag
    return float(band.zero_point + 2.5 * np.log10(visit.exptime) - loss)


def sky_electrons(recipe: SurveyRecipe, visit: Visit) -> float:
    """Electrons per pixel from the night sky (not dimmed by clouds)."""
    at_unit = BAND[visit.band].zero_point + 2.5 * np.log10(visit.exptime)
    return float(10 ** (0.4 * (at_unit - visit.sky_mag)) * recipe.camera.pixel_scale_arcsec**2)


def place(recipe: SurveyRecipe, visit: Visit, wcs: Wcs, sources: Catalog) -> tuple[F8, F8]:
    """Pixel (x, y) of sources (columns ra, dec, refraction), refraction by colour included."""
    x, y = wcs.sky_to_pixel(sources["ra"], sources["dec"])
    up = zenith_in_pixels(wcs, visit.parallactic_angle)
    shift = sources["refraction"] * np.tan(visit.zenith_distance)
    return x + up[0] * shift, y + up[1] * shift


def psf_at(recipe: SurveyRecipe, visit: Visit, field: PsfField, detector: int, x: F8, y: F8) -> PsfShape:
    """True profile at pixels of a detector, with the refraction within the band."""
    centre, middle = detector_centres(recipe.camera)[detector], 0.5 * (recipe.camera.size - 1)
    up = zenith_in_pixels(true_wcs(recipe, visit, detector), visit.parallactic_angle)
    variance = refraction_spread(visit.band) * np.tan(visit.zenith_distance) ** 2
    smear = variance * np.array([up[0] ** 2, up[0] * up[1], up[1] ** 2])
    return shape_at(field, x - middle + centre[0], y - middle + centre[1], np.tile(smear, (len(x), 1)))


def _science_light(
    recipe: SurveyRecipe, visit: Visit, detector: int, sky: Sky, seen: Catalog, field: PsfField, wcs: Wcs,
    trails: Catalog,
) -> tuple[F8, Catalog, Catalog]:  # fmt: skip
    """Expected electrons of sky, sources and satellites; the sources on the detector; its row of truth."""
    n = recipe.camera.size
    x, y = place(recipe, visit, wcs, seen)
    electrons = seen["flux"] * electrons_per_njy(visit)
    near = np.flatnonzero(
        (np.abs(x - n / 2) < n / 2 + _REACH_PX)
        & (np.abs(y - n / 2) < n / 2 + _REACH_PX)
        & (electrons > _FAINTEST_E)
    )
    background = sky_electrons(recipe, visit)
    psf = psf_at(recipe, visit, field, detector, x[near], y[near])
    profiles = _profiles(sky, seen.take(near), wcs, x[near], y[near], electrons[near])
    image = render(profiles, psf, (n, n), float(np.sqrt(background))) + background
    image += trail_image(recipe, detector, trails)
    fwhm = _effective_fwhm(recipe, visit, field, detector)
    table = seen.with_columns(
        detector=np.full(len(seen), detector),
        x=x,
        y=y,
        electrons=electrons,
        snr=_snr(electrons, background, fwhm),
    )
    inside = (x >= -0.5) & (x < n - 0.5) & (y >= -0.5) & (y < n - 0.5)
    row = {
        "detector": detector, "zero_point": zero_point(visit), "background": background,
        "fwhm": fwhm * recipe.camera.pixel_scale_arcsec,
    }  # fmt: skip
    return image, table.take(inside), Catalog({k: np.array([v]) for k, v in row.items()})


def _profiles(sky: Sky, seen: Catalog, wcs: Wcs, x: F8, y: F8, electrons: F8) -> Profiles:
    """Shapes of sources in pixels: galaxies through the local Jacobian, all else points."""
    points = point_sources(x, y, electrons)
    rows = np.flatnonzero(seen["kind"] == GALAXY)
    table = sky.galaxies.take(seen["row"][rows])
    to_pixels = np.linalg.inv(wcs.cd)
    disc, bulge = (to_pixels @ m for m in galaxies.profile_matrices(table))
    points.disc[rows], points.bulge[rows] = disc, bulge
    points.bulge_fraction[rows] = table["bulge_fraction"]
    return points


def _calibration_light(recipe: SurveyRecipe, visit: Visit, part: Sensor) -> F8:
    """Expected electrons from the lamp of a flat, (ny, nx); zero in the dark."""
    if visit.obstype != "flat":
        return np.zeros(part.flat.shape)
    lamp = _FLAT_E * random_generator(recipe, visit.visit, 5).uniform(0.97, 1.03)
    return lamp * part.flat.astype(np.float64)


def _expose(
    recipe: SurveyRecipe, visit: Visit, detector: int, part: Sensor, expected: F8
) -> tuple[RawDetector, Catalog]:
    """Poisson noise, dark current, cosmic rays, bleeding and readout."""
    rng = random_generator(recipe, visit.visit, 6, detector)
    electrons = np.zeros(expected.shape, np.float32)
    y, x, charge = np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    if visit.exptime > 0:
        expected += part.dark * np.float32(visit.exptime)
        electrons = rng.poisson(np.maximum(expected, 0.0)).astype(np.float32)
        tracks = recipe.camera.cosmic_rays * expected.size / 1e6 * (visit.exptime + _READOUT_S) / _CR_SECONDS
        y, x, charge = cosmic_rays(rng, (expected.shape[0], expected.shape[1]), tracks)
        electrons[y, x] += charge.astype(np.float32)
        if recipe.camera.brighter_fatter:
            electrons = gather_charge(electrons, recipe.camera.brighter_fatter)
        bleed(electrons, recipe.camera.full_well)
    amps = read_detector(recipe, detector, electrons, rng)
    hits = Catalog({"detector": np.full(len(x), detector), "x": x, "y": y, "electrons": charge})
    return RawDetector(amps, detector_header(recipe, visit, detector)), hits


def _effective_fwhm(recipe: SurveyRecipe, visit: Visit, field: PsfField, detector: int) -> float:
    """FWHM in pixels of the Gaussian with the same noise-equivalent area as the PSF at the centre."""
    middle = np.array([0.5 * (recipe.camera.size - 1)])
    shape = psf_at(recipe, visit, field, detector, middle, middle)
    stamp = stamps(point_sources(middle, middle, np.ones(1)), shape, 64)
    return float(np.sqrt(1 / np.sum(stamp**2) / _NEFF))


def _snr(electrons: F8, background: float, fwhm_px: float) -> F8:
    area = _NEFF * fwhm_px**2
    return np.asarray(electrons / np.sqrt(electrons + area * (background + 45.0)))  # 45: read noise squared


def _no_sources() -> Catalog:
    return Catalog({})


def _joined(parts: list[Catalog]) -> Catalog:
    return concatenate(parts) if parts else Catalog({}, {"empty_reason": "calibration exposure"})
