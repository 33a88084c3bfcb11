"""A pixel model of the PSF over a detector, from the pixels of its stars."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.psf.settle import Degrees, degree_of, settled, shape_beside, shape_degrees, shaped
from gnomon.algorithms.psf.stamps import Stars, cut_stars
from gnomon.constants import MAD_TO_SIGMA
from gnomon.containers.bspline import shift_matrices
from gnomon.containers.image import Image
from gnomon.containers.psf import F8, PsfModel, polynomial_terms
from gnomon.errors import UnprocessableData
from gnomon.flags import MASK, UNUSABLE

_MODEL_ERROR = 0.005  # of a pixel's flux: no star may outweigh all others by being bright
_PIXEL_CLIP = 5.0  # sigma (noise and model error) beyond which a pixel shows a neighbour or a defect
_UNRIPE, _UNRIPE_PEAK = 0.1, 0.003  # error of a young model: of the pixel, and of the peak
_STAR_CLIP = 3.0  # times the median reduced chi^2 beyond which a star is no star
_VARIATION = 0.1  # prior scatter of each position term, relative to the mean PSF ...
_VARIATION_FLOOR = 1e-5  # ... and absolute, per pixel
_ASYMMETRY = 0.3  # prior scatter of the wings around their azimuthal mean, relative
_STARS_FOR_SKY = 8  # fewer cannot tell wings from sky: all is taken for wings
_STARS_PER_DEGREE = (8, 20, 150)  # fewest stars for degree 1, 2, 3
_CONSTANT: Degrees = (0, 0, 0)
_CHUNK = 64  # stars solved at a time, so that their pixels stay in cache
_MAX_SHIFT_PX = 1.0  # a star that wants to move farther is not one star


@dataclass(frozen=True, slots=True)
class PsfFit:
    """A PSF model with what was found of its stars, in the order given."""

    model: PsfModel
    x: F8
    """(n,) fitted pixel positions."""
    y: F8
    """(n,)"""
    flux: F8
    """(n,) flux by the PSF, unit of the image; NaN for a star that was not used."""
    background: F8
    """(n,) local sky left over, per pixel."""
    chi2: F8
    """(n,) reduced chi^2 of the star with a model error of 0.5 % per pixel."""
    used: npt.NDArray[np.bool_]
    """(n,) False for stars that were cut by the border, masked or clipped."""


def fit_psf(
    image: Image,
    x: F8,
    y: F8,
    *,
    size: int = 41,
    degree: int | None = None,
    iterations: int = 3,
    unusable: int = UNUSABLE | MASK["SUSPECT"],
    start: PsfModel | None = None,
    shape: F8 | None = None,
) -> PsfFit:
    """Least squares for the images of `PsfModel`, star by star and pixel by pixel in turn.

    Each turn (i) draws the model at the sub-pixel place of every star, (ii) solves per star for flux,
    shift and local sky, (iii) resamples the residuals, in units of the PSF, to the model's samples, and
    (iv) adds to each sample the polynomial in position that fits them, weighted by their noise, with weak
    priors on the variation and on the asymmetry of the wings. The fixed point is the model whose
    residuals vanish, as in the effective-PSF method of Anderson & King (2000, PASP 112, 1360).
    One sample per pixel: exact to 5e-4 in size for a FWHM of 3 px and more, to 2e-3 at 2.5 px.

    Parameters
    ----------
    image : sky subtracted; pixels of ``unusable`` planes or without variance are left out
    x, y : (n,) pixel positions of stars
    size : side of the model in pixels, odd
    degree : of the polynomials; None takes of e1, e2 and size those that foretell stars left out best. At most 0
        below 8 stars, 1 below 20, 2 below 150, else 3
    iterations : turns
    start : model of the same size from which the turns go on, of the same stars on a sky known less well
    shape : (nterm, 3) polynomials of e1, e2 and ln T in the coordinates of the start, known from elsewhere, e.g. from
        all detectors of the visit: the stars tell the difference alone. Needs a start

    Returns
    -------
    PsfFit

    Raises
    ------
    ValueError
        Even size, a start of another size, or a shape without a start.
    UnprocessableData
        Not one usable star.
    """
    if size % 2 == 0 or size < 5:
        raise ValueError(f"size is {size}; an odd number of at least 5 pixels is needed")
    if start is not None and start.size != size:
        raise ValueError(f"the start has {start.size} pixels a side, {size} are wanted")
    if shape is not None and start is None:
        raise ValueError("a shape is given without the start whose coordinates it has")
    stars = cut_stars(image, np.asarray(x, np.float64), np.asarray(y, np.float64), size, unusable)
    if not stars.whole.any():
        raise UnprocessableData(f"none of {len(x)} stars has a usable stamp of {size} px; the PSF needs one")
    model = start or _first_model(stars, image.shape)
    state = _StarState.start(stars, ripe=start is not None)
    young = start is None and iterations > 1
    for turn in range(iterations):
        state = _fit_stars(model, stars, state)
        if shape is not None:
            wanted = shape_beside(model, shape, *_in_use(stars, state), _possible(state.used))
            model = shaped(_update(_raise_degree(model, degree_of(wanted)), stars, state), wanted)
            continue
        degrees = _CONSTANT if young and turn == 0 else _degrees(model, stars, state, degree)
        model = _update(_raise_degree(model, max(degrees)), stars, state)
        use = state.used
        model = settled(model, degrees, stars.x[use], stars.y[use], state.weight[use].sum((1, 2)))
    state = _fit_stars(model, stars, state)
    flux = np.where(state.used, state.flux, np.nan)
    return PsfFit(model, stars.x + state.dx, stars.y + state.dy, flux, state.sky, state.chi2, state.used)


@dataclass(frozen=True, slots=True)
class _StarState:
    """What is known of each star: flux, place in its stamp, sky, and the weights of its pixels."""

    flux: F8
    dx: F8
    dy: F8
    sky: F8
    chi2: F8
    used: npt.NDArray[np.bool_]
    residual: F8
    weight: F8

    @staticmethod
    def start(stars: Stars, *, ripe: bool) -> "_StarState":
        zero = np.zeros(len(stars.x))
        inner = np.maximum(stars.flux * (stars.weight > 0), 0).sum((1, 2))
        chi2 = np.full_like(zero, ripe)
        return _StarState(inner, stars.dx, stars.dy, zero, chi2, stars.whole, stars.flux, stars.weight)


def _possible(used: npt.NDArray[np.bool_]) -> int:
    """Degree that the stars can carry."""
    return int(np.searchsorted(_STARS_PER_DEGREE, used.sum(), side="right"))


def _degrees(model: PsfModel, stars: Stars, state: _StarState, wanted: int | None) -> Degrees:
    """Degree of each number of the shape: the one wanted or what the stars say, as far as they can carry it."""
    if wanted is not None:
        return (min(wanted, _possible(state.used)),) * 3
    return shape_degrees(model, *_in_use(stars, state), _possible(state.used))


def _in_use(stars: Stars, state: _StarState) -> tuple[Stars, F8, F8, F8, F8]:
    """The stars in the fit, what they have beyond the model, its weight, and their places in their stamps."""
    use = state.used
    part = replace(stars, x=stars.x[use], y=stars.y[use])
    return part, state.residual[use], state.weight[use], state.dx[use], state.dy[use]


def _first_model(stars: Stars, shape: tuple[int, int]) -> PsfModel:
    """A round Gaussian of the stars' median size, constant over the detector."""
    u = np.arange(stars.size) - stars.size // 2
    profile = np.exp(-0.5 * (u / stars.sigma) ** 2)
    image = np.outer(profile, profile)
    centre, scale = ((shape[1] - 1) / 2, (shape[0] - 1) / 2), (shape[1] / 2, shape[0] / 2)
    return PsfModel((image / image.sum())[None].astype(np.float32), 0, centre, scale)


def _raise_degree(model: PsfModel, degree: int) -> PsfModel:
    """The same model with zero terms added up to a degree, or terms dropped."""
    nterm = (degree + 1) * (degree + 2) // 2
    basis = np.zeros((nterm, *model.basis.shape[1:]), np.float32)
    kept = min(nterm, len(model.basis))
    basis[:kept] = model.basis[:kept]
    return replace(model, basis=basis, degree=degree)


def _fit_stars(model: PsfModel, stars: Stars, state: _StarState) -> _StarState:
    """Flux, shift and sky of every star, with pixels off the model left out."""
    chunks = (slice(start, start + _CHUNK) for start in range(0, len(stars.x), _CHUNK))
    parts = [_solve_stars(model, stars, state, chunk) for chunk in chunks]
    solution, weight, left = (np.concatenate(values) for values in zip(*parts, strict=True))
    return _judged(stars, state, solution, weight, left)


def _solve_stars(model: PsfModel, stars: Stars, state: _StarState, part: slice) -> tuple[F8, F8, F8]:
    """(n, 4) flux, flux times shift in x and y, and sky; (n, npix) weights; (n, npix) what is left over."""
    design = _design(model, stars.x[part], stars.y[part], state.dx[part], state.dy[part])
    n, data = len(design), stars.flux[part].reshape(len(design), -1)
    weight = _clipped(stars, state, design[:, 0], part)
    weighted = design * weight[:, None, :]
    normal = weighted @ design.swapaxes(1, 2)
    right = (weighted @ data[..., None])[..., 0]
    normal += 1e-12 * normal.trace(axis1=1, axis2=2)[:, None, None] * np.eye(4)
    solvable = (normal[:, 0, 0] > 0) & stars.whole[part]
    solution = np.zeros((n, 4))
    solution[solvable] = np.linalg.solve(normal[solvable], right[solvable][..., None])[..., 0]
    left = data - (solution[:, None, :] @ design)[:, 0]
    return solution, weight, left


def _design(model: PsfModel, x: F8, y: F8, dx: F8, dy: F8) -> F8:
    """(n, 4, npix): the PSF at each star's place, its slopes by shift in x and y, and one."""
    images = model.samples(x, y)
    rows, columns = model.shift_matrices(dy), model.shift_matrices(dx).swapaxes(1, 2)
    half = rows @ images
    design = np.ones((len(x), 4, model.size, model.size))
    np.matmul(half, columns, out=design[:, 0])
    np.matmul(half, -model.shift_matrices(dx, slope=True).swapaxes(1, 2), out=design[:, 1])
    np.matmul(-model.shift_matrices(dy, slope=True) @ images, columns, out=design[:, 2])
    return design.reshape(len(x), 4, -1)


def _clipped(stars: Stars, state: _StarState, psf: F8, part: slice) -> F8:
    """Weights of pixels: noise plus model error; zero where the pixel is far off the model."""
    data, base = stars.flux[part].reshape(len(psf), -1), stars.weight[part].reshape(len(psf), -1)
    expected = np.maximum(state.flux[part, None] * psf, 0)
    weight = base / (1 + base * (_MODEL_ERROR * expected) ** 2)
    if not state.chi2.any():
        return weight  # the first model is a mere Gaussian
    flux, sky = _flux_and_sky(data, psf, weight)
    expected = np.maximum(flux[:, None] * psf, 0)
    forgiven = _UNRIPE * expected + _UNRIPE_PEAK * expected.max(axis=1, keepdims=True)
    off = np.abs(data - expected - sky[:, None]) - forgiven
    return np.where(off * np.sqrt(weight) > _PIXEL_CLIP, 0, weight)


def _flux_and_sky(data: F8, psf: F8, weight: F8) -> tuple[F8, F8]:
    """(n,) weighted least squares of ``flux psf + sky`` per star; 0 where there is no pixel."""
    of_psf = weight * psf
    w, wp, wd = weight.sum(1), of_psf.sum(1), (weight * data).sum(1)
    wpp, wpd = (of_psf * psf).sum(1), (of_psf * data).sum(1)
    determinant = w * wpp - wp * wp
    safe = np.where(determinant > 0, determinant, 1)
    flux, sky = (w * wpd - wp * wd) / safe, (wpp * wd - wp * wpd) / safe
    return np.where(determinant > 0, flux, 0), np.where(determinant > 0, sky, 0)


def _judged(stars: Stars, state: _StarState, solution: F8, weight: F8, left: F8) -> _StarState:
    """The new state of each star, and whether it is still one."""
    flux, sky = solution[:, 0], solution[:, 3]
    good = flux > 0
    safe = np.where(good, flux, 1)
    step_x, step_y = np.clip(solution[:, 1] / safe, -0.5, 0.5), np.clip(solution[:, 2] / safe, -0.5, 0.5)
    count = np.maximum((weight > 0).sum(1), 1)
    chi2 = (left**2 * weight).sum(1) / count
    dx, dy = state.dx + step_x, state.dy + step_y
    moved = np.maximum(np.abs(dx - stars.dx), np.abs(dy - stars.dy))
    good &= stars.whole & (moved < _MAX_SHIFT_PX) & (count > 0.6 * left.shape[1])
    if good.any():
        good &= chi2 < _STAR_CLIP * max(1.0, float(np.median(chi2[good])))
    pedestal = _sky_per_flux(flux, sky, good)
    residual = (left / safe[:, None] + pedestal).reshape(stars.flux.shape)
    scaled = (weight * safe[:, None] ** 2).reshape(stars.flux.shape)
    return _StarState(flux, dx, dy, sky - pedestal * flux, chi2, good, residual, scaled)


def _sky_per_flux(flux: F8, sky: F8, good: npt.NDArray[np.bool_]) -> float:
    """Slope of the stars' local sky with their flux: the part of it that is wing of the PSF."""
    if good.sum() < _STARS_FOR_SKY:
        return float(np.sum(sky[good] * flux[good]) / np.sum(flux[good] ** 2)) if good.any() else 0.0
    keep = good
    for _ in range(3):
        slope, level = np.polyfit(flux[keep], sky[keep], 1)
        off = np.abs(sky - level - slope * flux)
        keep = good & (off <= 4 * MAD_TO_SIGMA * np.median(off[keep]))
    return float(slope)


def _update(model: PsfModel, stars: Stars, state: _StarState) -> PsfModel:
    """The model plus the polynomials that fit the residuals of the used stars."""
    use = state.used
    if not use.any():
        raise UnprocessableData(f"all of {len(use)} stars were rejected; the PSF needs at least one")
    n = model.basis.shape[1]
    u = np.arange(n, dtype=np.float64)
    seen = np.where(state.weight[use] > 0, state.residual[use], 0)
    rows, columns = (shift_matrices(shift[use], model.size) for shift in (state.dy, state.dx))
    residual = rows @ seen @ columns.swapaxes(1, 2)
    weight = _weight_at(state.weight[use], u + state.dy[use, None], u + state.dx[use, None])
    terms = polynomial_terms(model.normalise(stars.x[use], stars.y[use]), model.degree)
    change = _solve_samples(residual, weight, terms, model.basis)
    basis = model.basis + change
    basis[0] = _smooth_wings(basis[0], weight.sum(0))
    return replace(model, basis=(basis / basis[0].sum()).astype(np.float32))


def _weight_at(weight: F8, at_y: F8, at_x: F8) -> F8:
    """Weight of the nearest pixel of each sample; zero outside the stamp."""
    size = weight.shape[1]
    iy, ix = np.rint(at_y).astype(np.intp), np.rint(at_x).astype(np.intp)
    inside = ((iy >= 0) & (iy < size))[:, :, None] & ((ix >= 0) & (ix < size))[:, None, :]
    star = np.arange(len(weight))[:, None, None]
    near = weight[star, np.clip(iy, 0, size - 1)[:, :, None], np.clip(ix, 0, size - 1)[:, None, :]]
    return np.where(inside, near, 0)


def _solve_samples(residual: F8, weight: F8, terms: F8, basis: npt.NDArray[np.float32]) -> F8:
    """(nterm, n, n) polynomial coefficients per sample, by ridge regression about the present variation."""
    nterm, shape = terms.shape[1], residual.shape[1:]
    products = (terms[:, :, None] * terms[:, None, :]).reshape(len(terms), -1)
    flat = weight.reshape(len(weight), -1)
    normal = (flat.T @ products).reshape(-1, nterm, nterm)
    right = (flat * residual.reshape(len(flat), -1)).T @ terms
    prior = np.zeros((flat.shape[1], nterm))
    prior[:, 1:] = 1 / (_VARIATION * np.abs(basis[0].reshape(-1, 1)) + _VARIATION_FLOOR) ** 2
    right -= prior * basis.reshape(nterm, -1).T
    normal += prior[:, :, None] * np.eye(nterm)
    normal[:, 0, 0] += np.where(normal[:, 0, 0] > 0, 0, 1)
    solution = np.asarray(np.linalg.solve(normal, right[..., None])[..., 0], np.float64)
    return solution.T.reshape(nterm, *shape)


def _smooth_wings(mean: F8, information: F8) -> F8:
    """The mean PSF drawn toward its azimuthal mean where noise exceeds the asymmetry one may expect."""
    n = len(mean)
    y, x = np.mgrid[:n, :n] - n // 2
    ring = np.rint(np.hypot(y, x)).astype(np.intp)
    count = np.maximum(np.bincount(ring.ravel(), information.ravel()), 1e-300)
    profile = (np.bincount(ring.ravel(), (information * mean).ravel()) / count)[ring]
    noise = 1 / np.maximum(information, 1e-300)
    share = noise / (noise + (_ASYMMETRY * np.abs(profile)) ** 2)
    far = ring > n // 6  # within, a ring of samples is too steep for a mean
    return np.where(far, mean + share * (profile - mean), mean)
