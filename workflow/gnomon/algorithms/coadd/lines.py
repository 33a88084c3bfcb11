"""Trails too faint to be seen pixel by pixel, as lines of an epoch's difference from the static sky."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.streak.radon import Line, line_at
from gnomon.constants import MAD_TO_SIGMA
from gnomon.kernels.lines import best_lines

F4 = npt.NDArray[np.float32]
F8 = npt.NDArray[np.float64]
I4 = npt.NDArray[np.int32]
U1 = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]
Places = F8 | npt.NDArray[np.int64]

_STEP = 5  # pixels between samples: their smoothed noise is all but independent, and a trail meets them all
_SPARED = 1.25  # samples over a power of two, the transform's size, up to which the outer ones are left out
_CLIP = 3.0  # standard deviations: what a star leaves counts no more than a bright trail
_CANDIDATE = 5.5  # standard errors of a line's sum: one in some 10^4 epochs and cells of noise
_FORGIVEN = 1.0  # standard deviations of an epoch, that PSFs may differ by where lines are looked for
_LEAST_SHARE = 0.4  # of the samples along a side: shorter chords are not looked at
_MOST = 4  # lines of an epoch in a cell
_SHIFTS = (-3.0, -1.5, 0.0, 1.5, 3.0)  # pixels: what the samples leave open of where a line is
_BOX_PX, _BOXES = 5, 11  # strips beside each other that a line is judged by, the middle one its own
_BESIDE = 2  # strips from its own from where on nothing of it is seen
_PIECE_PX, _LEAST_PIXELS = 22.0, 15  # of a strip; usable pixels that tell its height
_TOTAL, _EVEN = 5.0, 2.5  # standard errors of its height; of that of all but its highest quarter
_REACH_PX = 24  # of its profile
_EDGE = 0.15  # of its height, where it ends: 1.9 widths of a Gaussian trail that was smoothed, 2.5 as it came
_WHOLE = 0.97  # of its middle: found pixel by pixel, wings and all
_NARROWEST_PX, _WIDEST_PX = 3.0, 12.0  # half widths


@dataclass(frozen=True, slots=True)
class _Scene:
    """One epoch, the static sky, and where lines are told."""

    plane: F4
    """(ny, nx) smoothed."""
    sky: F4
    """(ny, nx)"""
    noise: float
    """Standard deviation of a pixel."""
    weight: F4
    """(ny, nx) over the relative noise of a pixel; 0 on stars."""
    found: U1
    """(ny, nx) 1 where pixels stand out by themselves."""


@dataclass(frozen=True, slots=True)
class _Course:
    """Distance of a pixel from a line, and its way along it: linear in x, y, 1."""

    across: F8
    along: F8

    def across_of(self, x: Places, y: Places) -> F8:
        """Distance from the line, pixels."""
        return np.asarray(self.across[0] * x + (self.across[1] * y + self.across[2]))

    def along_of(self, x: Places, y: Places) -> F8:
        """Way from its first end, pixels."""
        return np.asarray(self.along[0] * x + (self.along[1] * y + self.along[2]))


def faint_trails(found: U1, smooth: F4, sky: F4, allowed: F4, shape: F4, noise: F8) -> dict[int, Bools]:
    """Straight lines that epochs have and the static sky has not.

    A trail that no pixel shows is told by the sum along it: every fifth pixel of the smoothed difference, clipped,
    without stars, is summed along all lines (`best_lines`). A line that stands out is followed in all pixels; it is a
    trail if its height stands out of the strips beside it, even without its highest quarter, which a star or a hit
    could make. Trails are taken to cross the whole cell; up to four are found in an epoch. Those whose middle was
    found pixel by pixel stay as they are.

    Parameters
    ----------
    found : (n, ny, nx) uint8, 1 where pixels of an epoch stand out by themselves
    smooth : (n, ny, nx) float32, warps of one width
    sky : (ny, nx) float32, what they have in common
    allowed : (ny, nx) float32, difference forgiven; where it is more than the noise no line is looked for
    shape : (ny, nx) float32, relative noise
    noise : (n,) float64, standard deviation of a pixel of each plane

    Returns
    -------
    (ny, nx) bool by epoch, what is to be added to those that have any

    Limits: dashes of less than half of a trail, chords shorter than 0.4 of the cell.
    """
    at, most = _samples(sky.shape), _FORGIVEN * float(noise.min())
    scale = _weight(allowed[at], shape[at], most)
    snr, line = _best(smooth, sky, noise, scale)
    trails: dict[int, Bools] = {}
    for k in map(int, np.flatnonzero(snr > _CANDIDATE)):
        scene = _Scene(smooth[k], sky, float(noise[k]), _weight(allowed, shape, most), found[k])
        mask = _trails(scene, line[k], scale)
        if mask is not None:
            trails[k] = mask
    return trails


def _weight(allowed: F4, shape: F4, most: float) -> F4:
    """Over the relative noise; 0 on stars."""
    return np.where(allowed <= np.float32(most), 1 / shape, np.float32(0))


def _best(planes: F4, sky: F4, noise: F8, scale: F4) -> tuple[F4, I4]:
    """The best line of each plane that is long enough."""
    return best_lines(planes, sky, noise, scale, _STEP, _CLIP, int(_LEAST_SHARE * min(scale.shape)))


def _trails(scene: _Scene, line: I4, scale: F4) -> Bools | None:
    """Line after line of one epoch, until one is no trail; None without any."""
    mask, scale = None, scale.copy()
    for _ in range(_MOST):
        trail = _trail(scene, _line_of(line, scale.shape, _samples(scene.plane.shape)))
        if trail is None:
            break
        band, core = trail
        if scene.found[core].mean() < _WHOLE:
            mask = band if mask is None else mask | band
        scale[band[_samples(band.shape)]] = 0
        scene = replace(scene, weight=np.where(band, np.float32(0), scene.weight))
        snr, lines = _best(scene.plane[None], scene.sky, np.array([scene.noise]), scale)
        if snr[0] <= _CANDIDATE:
            break
        line = lines[0]
    return mask


def _samples(shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Every fifth row and column around the middle; about a power of two of them."""
    rows, columns = (_along(n) for n in shape)
    return rows, columns


def _along(n: int) -> slice:
    count = -(-n // _STEP)
    power = 1 << (count.bit_length() - 1)
    count = power if count <= _SPARED * power else count
    first = (n - 1 - (count - 1) * _STEP) // 2
    return slice(first, first + (count - 1) * _STEP + 1, _STEP)


def _line_of(numbers: I4, shape: tuple[int, ...], samples: tuple[slice, slice]) -> Line:
    """A line of (my, mx) samples in pixels."""
    quadrant, shift, column = map(int, numbers)
    line = line_at(shift, column, quadrant, (shape[0], shape[1]))
    y, x = (s.start for s in samples)
    return Line(x + _STEP * line.x0, y + _STEP * line.y0, x + _STEP * line.x1, y + _STEP * line.y1)


def _trail(scene: _Scene, line: Line) -> tuple[Bools, Bools] | None:
    """Pixels of the trail along a line, and of its middle off the stars, or None where there is none."""
    course = _course(line)
    v, u = (np.arange(n, dtype=np.float64) for n in scene.plane.shape)
    near = np.abs(course.across_of(u, v[:, None])) <= _BOXES * _BOX_PX / 2 + 2 * _SHIFTS[-1]
    y, x = np.nonzero(near & (scene.weight > 0))
    z = (scene.plane[y, x] - scene.sky[y, x]) * (scene.weight[y, x] / np.float32(scene.noise))
    z = np.clip(z, -_CLIP, _CLIP)
    best = _fitted(course, course.across_of(x, y), course.along_of(x, y), z)
    if best is None:
        return None
    across = best.across_of(x, y)
    if not _is_trail(across, best.along_of(x, y), z):
        return None
    away = np.abs(best.across_of(u, v[:, None]))
    return away <= _half_width(across, z), (away <= 1) & (scene.weight > 0)


def _course(line: Line) -> _Course:
    """Along from its first end, across to its left."""
    dx, dy = line.x1 - line.x0, line.y1 - line.y0
    ux, uy = dx / np.hypot(dx, dy), dy / np.hypot(dx, dy)
    return _Course(
        np.array([-uy, ux, uy * line.x0 - ux * line.y0]), np.array([ux, uy, -ux * line.x0 - uy * line.y0])
    )


def _fitted(course: _Course, across: F8, along: F8, z: F4) -> _Course | None:
    """The course with its ends moved to where the sum over five pixels across is highest."""
    middle = np.abs(across) <= _BOX_PX / 2
    if not middle.any():
        return None
    first, last = float(along[middle].min()), float(along[middle].max())
    if last - first < _PIECE_PX:
        return None
    close = np.abs(across) <= _BOX_PX / 2 + 2 * _SHIFTS[-1]
    across, part, z = across[close], 2 * (along[close] - first) / (last - first) - 1, z[close]
    shift = _SHIFTS[int(np.argmax([_height(across - s, z) for s in _SHIFTS]))]
    tilt = _SHIFTS[int(np.argmax([_height(across - shift - t * part, z) for t in _SHIFTS]))]
    slope = 2 * tilt / (last - first)
    moved = course.across - slope * course.along
    moved[2] += slope * first + tilt - shift
    return _Course(moved, course.along)


def _height(across: F8, z: F4) -> float:
    """Sum over five pixels across a line, in its standard error."""
    inside = np.abs(across) <= _BOX_PX / 2
    return float(z[inside].sum(dtype=np.float64) / np.sqrt(max(1, int(np.count_nonzero(inside)))))


def _is_trail(across: F8, along: F8, z: F4) -> bool:
    """Whether a line stands out of the strips beside it all along."""
    first, last = float(along.min()), float(along.max())
    pieces = max(4, round((last - first) / _PIECE_PX))
    piece = np.minimum(((along - first) * (pieces / (last - first))).astype(int), pieces - 1)
    box = np.floor(across / _BOX_PX + _BOXES / 2).astype(int)
    inside = (box >= 0) & (box < _BOXES)
    place = piece[inside] * _BOXES + box[inside]
    count = np.bincount(place, minlength=pieces * _BOXES).reshape(pieces, _BOXES)
    total = np.bincount(place, z[inside], pieces * _BOXES).reshape(pieces, _BOXES)
    height = np.where(count >= _LEAST_PIXELS, total / np.maximum(count, 1), np.nan)
    own, sides = height[:, _BOXES // 2], height[:, np.abs(np.arange(_BOXES) - _BOXES // 2) >= _BESIDE]
    known = np.isfinite(own) & (np.isfinite(sides).sum(1) >= 2)
    if np.count_nonzero(known) < 3:
        return False
    own, sides = own[known], sides[known]
    level = np.nanmean(sides, axis=1)
    error = MAD_TO_SIGMA * float(np.nanmedian(np.abs(sides - level[:, None])))
    ordered = np.sort(own - level)
    lower = ordered[: len(ordered) - len(ordered) // 4]
    return bool(
        ordered.mean() * np.sqrt(len(ordered)) > _TOTAL * error
        and lower.mean() * np.sqrt(len(lower)) > _EVEN * error
    )


def _half_width(across: F8, z: F4) -> float:
    """Pixels from the middle of a trail to where its profile is lost."""
    side = 2 * _REACH_PX + 1
    place = np.rint(across).astype(int) + _REACH_PX
    inside = (place >= 0) & (place < side)
    count = np.bincount(place[inside], minlength=side)
    profile = np.bincount(place[inside], z[inside], side) / np.maximum(count, 1)
    far = profile[np.abs(np.arange(side) - _REACH_PX) > _WIDEST_PX]
    profile = np.convolve(profile - np.median(far), np.ones(3) / 3, "same")
    folded = (profile[_REACH_PX:] + profile[_REACH_PX::-1]) / 2
    below = np.flatnonzero(folded < max(_EDGE * folded[0], 2 * float(np.std(far)) / np.sqrt(6)))
    width = float(below[0]) if len(below) else _WIDEST_PX
    return min(max(width, _NARROWEST_PX), _WIDEST_PX)
