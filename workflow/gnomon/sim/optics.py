"""Where light lands: the true world coordinates of each detector and the refraction of the atmosphere."""

from functools import cache

import numpy as np
import numpy.typing as npt

from gnomon.containers.wcs import Wcs, sky_to_plane, tangent_wcs
from gnomon.sim.bands import BAND, photon_moments, wavelengths
from gnomon.sim.recipe import CameraRecipe, SurveyRecipe
from gnomon.sim.schedule import Visit, random_generator
from gnomon.sim.seds import stellar_spectra

F8 = npt.NDArray[np.float64]

ARCSEC = np.pi / 180 / 3600
"""Radians."""
REFERENCE_KELVIN = 5800.0
"""Temperature of the star whose positions the world coordinates describe."""
EDGE_PX = 20
"""Pixels from a border within which a source is not counted as observed."""

_DISTORTION = (
    1e-3  # radial, third order, at the corner of the mosaic, in units of its distance: 1.5 px in the demo
)
_TILT = 1e-4  # second order, likewise
_TURBULENCE = 2e-5  # second order, per visit and detector: 6 mas at the corner in the demo
_SHIFT_PX, _TURN_RAD = 0.5, 1.5e-4  # mount errors of a detector
_SCALE_ERROR = 1e-5  # per-visit change of the focal length
_PRESSURE_MMHG, _TEMPERATURE_C, _VAPOUR_MMHG = 555.0, 8.0, 6.0  # at the site


def detector_centres(camera: CameraRecipe) -> F8:
    """(n, 2) nominal centre of each detector, pixels ``(X, Y)`` from the boresight."""
    pitch = camera.size + camera.gap
    x = (np.arange(camera.n_x) - 0.5 * (camera.n_x - 1)) * pitch
    y = (np.arange(camera.n_y) - 0.5 * (camera.n_y - 1)) * pitch
    return np.array([(cx, cy) for cy in y for cx in x])


def corner_radius(camera: CameraRecipe) -> float:
    """Distance of the mosaic's corner from the boresight, pixels."""
    return float(np.hypot(*(np.abs(detector_centres(camera)).max(axis=0) + 0.5 * camera.size)))


def nominal_wcs(camera: CameraRecipe, visit: Visit, detector: int) -> Wcs:
    """The projection in the raw header: believed pointing, nominal geometry, no distortion."""
    cd = _rotation_matrix(visit.believed_rotation, camera.pixel_scale_arcsec * ARCSEC)
    return tangent_wcs((visit.believed_ra, visit.believed_dec), _crpix(camera, detector), cd)


def true_wcs(recipe: SurveyRecipe, visit: Visit, detector: int) -> Wcs:
    """The projection that the light followed: distortion, mount errors and turbulence (TAN-SIP, order 3)."""
    camera = recipe.camera
    crpix, scale = _crpix(camera, detector), camera.pixel_scale_arcsec * ARCSEC
    if not camera.flaws:
        return tangent_wcs((visit.ra, visit.dec), crpix, _rotation_matrix(visit.rotation, scale))
    mount = random_generator(recipe, 1, detector)
    shift, turn = mount.normal(0, _SHIFT_PX, 2), mount.normal(0, _TURN_RAD)
    air = random_generator(recipe, visit.visit, 1)
    scale *= 1 + _SCALE_ERROR * air.standard_normal()
    cd = _rotation_matrix(visit.rotation, scale) @ np.array([[1.0, -turn], [turn, 1.0]])
    a, b = _distortion(camera, random_generator(recipe, visit.visit, 2, detector))
    return Wcs((visit.ra, visit.dec), (crpix[0] + shift[0], crpix[1] + shift[1]), cd, a, b)


def on_detector(
    recipe: SurveyRecipe, visit: Visit, ra: F8, dec: F8, edge_px: float = EDGE_PX
) -> npt.NDArray[np.bool_]:
    """(n,) whether sky positions (radians) fall on a detector, at least ``edge_px`` from its border."""
    inside = np.zeros(np.shape(ra), np.bool_)
    reach = (corner_radius(recipe.camera) + recipe.camera.size) * recipe.camera.pixel_scale_arcsec * ARCSEC
    xi, eta = sky_to_plane(ra, dec, (visit.ra, visit.dec))
    near = np.flatnonzero((np.abs(xi) < reach) & (np.abs(eta) < reach))
    last = recipe.camera.size - 1 - edge_px
    for detector in range(recipe.camera.n_detectors):
        x, y = true_wcs(recipe, visit, detector).sky_to_pixel(ra[near], dec[near])
        inside[near] |= (x > edge_px) & (x < last) & (y > edge_px) & (y < last)
    return inside


def refractivity() -> F8:
    """(n,) n - 1 of moist air on `bands.wavelengths` (Filippenko 1982, eqs. 1-3, after Edlen)."""
    s2 = (1e3 / wavelengths()) ** 2
    dry = 1e-6 * (64.328 + 29498.1 / (146 - s2) + 255.4 / (41 - s2))
    p, t, f = _PRESSURE_MMHG, _TEMPERATURE_C, _VAPOUR_MMHG
    dry = dry * p * (1 + (1.049 - 0.0157 * t) * 1e-6 * p) / (720.883 * (1 + 0.003661 * t))
    return np.asarray(dry - 1e-6 * (0.0624 - 0.000680 * s2) / (1 + 0.003661 * t) * f)


def refraction_columns(spectra: F8) -> dict[str, F8]:
    """``refraction_<band>``: mean refractivity in excess of the reference star's, of (n, nlam) spectra.

    Positions in the world coordinates of an image are those of the reference star (`REFERENCE_KELVIN`);
    another source is displaced towards the zenith by this times tan(zenith distance), radians.
    """
    return {f"refraction_{b}": photon_moments(spectra, b, refractivity())[0] - _reference(b)[0] for b in BAND}


def refraction_spread(band: str) -> float:
    """Variance of the refractivity within a band, for the reference star."""
    return _reference(band)[1]


@cache
def _reference(band: str) -> tuple[float, float]:
    mean, variance = photon_moments(stellar_spectra(np.array([REFERENCE_KELVIN])), band, refractivity())
    return float(mean[0]), float(variance[0])


def zenith_in_pixels(wcs: Wcs, parallactic_angle: float) -> F8:
    """(2,) pixels ``(x, y)`` per radian of displacement towards the zenith."""
    direction = np.array([np.sin(parallactic_angle), np.cos(parallactic_angle)])
    return np.linalg.solve(wcs.cd, direction)


def _crpix(camera: CameraRecipe, detector: int) -> tuple[float, float]:
    """Nominal pixel of the boresight in a detector's frame, origin 0."""
    centre = detector_centres(camera)[detector]
    middle = 0.5 * (camera.size - 1)
    return float(middle - centre[0]), float(middle - centre[1])


def _rotation_matrix(rotation: float, scale: float) -> F8:
    """CD matrix of a detector whose +Y points to position angle ``rotation``, +X 90 degrees west of it."""
    c, s = np.cos(rotation), np.sin(rotation)
    return scale * np.array([[-c, s], [s, c]])


def _distortion(camera: CameraRecipe, rng: np.random.Generator) -> tuple[F8, F8]:
    """SIP A and B about the boresight: radial third order, a tilt, and this visit's turbulence."""
    radius = corner_radius(camera)
    a, b = np.zeros((4, 4)), np.zeros((4, 4))
    a[3, 0] = a[1, 2] = b[2, 1] = b[0, 3] = _DISTORTION / radius**2
    a[2, 0] = b[1, 1] = _TILT / radius
    wobble = rng.normal(0, _TURBULENCE / radius, (2, 3))
    for k, (p, q) in enumerate(((2, 0), (1, 1), (0, 2))):
        a[p, q] += wobble[0, k]
        b[p, q] += wobble[1, k]
    return a, b
