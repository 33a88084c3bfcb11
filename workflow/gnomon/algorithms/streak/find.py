"""Streaks on a significance image: lines of the Radon transform, then their course, width and ends pixel by pixel."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.streak.radon import QUADRANTS, Line, line_at, line_sums
from gnomon.constants import MAD_TO_SIGMA

F4 = npt.NDArray[np.float32]
F8 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

CLIP = 4.0  # standard deviations: a star counts no more than the pixels of a bright trail
_LARGE_PX, _BIN, _LARGE_BIN = 2048, 4, 8  # pixels summed before the transform: about a trail's width
_CANDIDATE = (
    4.5  # a line is looked at whose sum stands out by this over the scatter of all, which stars widen
)
_SOME = 7  # every seventh line tells the scatter of all
_REJECTED = 1  # best lines that are no trails, after which the search ends
_REACH_PX = 48  # half width of the strip in which a trail is looked at
_CORE_PX = 2  # half width of the middle of a trail
_SEGMENT_PX = 32  # length of the pieces that a trail is judged by
_PRESENT = 2.0  # standard deviations from which on a piece shows the trail
_MEDIAN_ERROR = 1.2533  # of n normal deviates, times sqrt(n)
_PIECES, _SURE = 8, 10.0  # pieces of a streak inside the image; brightness of the pieces of a shorter one
_EVEN = 0.5  # of a trail's median brightness, that a fifth of its pieces may be fainter than
_SHORTEST = 0.1  # of the side of the binned image: lines with fewer usable pixels are not looked at
_BESIDE_PX = 16  # from here on a strip's pixels are beside its trail
_SIDES = 0.35  # of the trail's height, that is left at its sides: a wider thing is no trail
_MARGIN_PX = 1.5  # beyond where the trail is seen


@dataclass(frozen=True, slots=True)
class StreakOptions:
    """What counts as a streak."""

    threshold: float = 8.0
    """Signal to noise of a streak's middle, all pieces together."""
    least_share: float = 0.35
    """Shortest streak that ends inside the image, as a part of its shorter side."""
    least_px: float = 96.0
    """Shortest streak that cuts a corner."""
    presence: float = 0.8
    """Part of the pieces between its ends in which it must be seen."""
    faintest: float = 0.1
    """Height in standard deviations of a pixel down to which its width is followed."""
    most: int = 6
    """Largest number of streaks in an image."""


@dataclass(frozen=True, slots=True)
class Streak:
    """One straight trail."""

    x0: float
    """Column of its first end, pixels."""
    y0: float
    """Row of its first end."""
    x1: float
    """Column of its last end."""
    y1: float
    """Row of its last end."""
    half_width: float
    """Pixels from its middle to where it is below the noise."""
    snr: float
    """Signal to noise of its middle, all pieces together."""


def find_streaks(significance: F4, usable: Bools, options: StreakOptions | None = None) -> list[Streak]:
    """Straight trails in an image of noise, stars and trails.

    The significance is clipped, so that no star outweighs a trail, summed over bins of about a trail's width, and
    summed along all lines. The best line is followed in the full image: median profile across, course from its two
    halves, ends and width from pieces of 32 pixels. What is wide (a galaxy), short, or seen in few pieces (a row
    of stars) is none. Found trails are taken out, and the search goes on.

    Parameters
    ----------
    significance : (ny, nx) float32, sky-subtracted flux over the standard deviation of a pixel
    usable : (ny, nx) bool, false where the significance is not finite
    options : thresholds

    Returns
    -------
    Streaks in order of discovery.

    Limits: a trail shorter than a quarter of the image loses signal to noise with its length; curved ones are cut.
    """
    clipped = np.clip(significance, -CLIP, CLIP)
    np.copyto(clipped, 0, where=~usable)
    return search(clipped, usable.copy(), options or StreakOptions())


def search(clipped: F4, free: Bools, options: StreakOptions) -> list[Streak]:
    """Streaks in a significance clipped at `CLIP`, 0 where it is not free; what is found is taken out of both."""
    found: list[Streak] = []
    rejected = 0
    while len(found) < options.most and rejected < _REJECTED:
        line = _best_line(clipped, free, _CANDIDATE)
        if line is None:
            break
        streak = _followed(clipped, free, line, options)
        if streak is None:
            rejected += 1
            _forget(clipped, free, Streak(line.x0, line.y0, line.x1, line.y1, _BIN, 0.0))
            continue
        found.append(streak)
        _forget(clipped, free, streak)
    return found


def streak_mask(streaks: list[Streak], shape: tuple[int, int]) -> Bools:
    """(ny, nx) bool: pixels within the half width of a streak, between its ends."""
    mask = np.zeros(shape, bool)
    for s in streaks:
        _draw(mask, s)
    return mask


def _forget(clipped: F4, free: Bools, streak: Streak) -> None:
    """Take a trail's pixels out of the search."""
    mask = streak_mask([streak], clipped.shape)
    clipped[mask] = 0
    free[mask] = False


def _best_line(clipped: F4, free: Bools, threshold: float) -> Line | None:
    """Line of the largest sum in units of the scatter of the lines, in pixels; None below the threshold."""
    step = _BIN if max(clipped.shape) <= _LARGE_PX else _LARGE_BIN
    total, count = _binned(clipped, step), _binned(free, step)
    least = count.max(initial=0) * _SHORTEST * min(total.shape)
    best, place = threshold, None
    for quadrant in range(QUADRANTS):
        sums, pixels = line_sums(total, quadrant), line_sums(count, quadrant)
        long = pixels > least
        if not long.any():
            continue
        snr = np.where(long, sums / np.sqrt(np.maximum(pixels, 1)), np.float32(0))
        some = snr[long][::_SOME]
        middle = float(np.median(some))
        spread = max(1.0, MAD_TO_SIGMA * float(np.median(np.abs(some - middle))))
        at = int(np.argmax(snr))
        if (snr.flat[at] - middle) / spread > best:
            best, place = (snr.flat[at] - middle) / spread, (quadrant, *divmod(at, snr.shape[1]))
    if place is None:
        return None
    line = line_at(place[1], place[2], place[0], (total.shape[0], total.shape[1]))
    half = (step - 1) / 2
    return _within(Line(*(step * c + half for c in (line.x0, line.y0, line.x1, line.y1))), clipped.shape)


def _binned(values: F4 | Bools, step: int) -> F4:
    """Sums over squares of ``step`` pixels; what does not fill a square at the far borders is left out."""
    ny, nx = (n // step for n in values.shape)
    cut = values[: ny * step, : nx * step]
    rows = cut.view(np.uint8) if cut.dtype == bool else cut  # at most 8 of them are summed
    rows = rows.reshape(ny, step, -1).sum(axis=1, dtype=rows.dtype)
    return np.asarray(rows.reshape(ny, nx, step).sum(axis=2, dtype=np.float32), np.float32)


def _followed(clipped: F4, free: Bools, line: Line, options: StreakOptions) -> Streak | None:
    """The trail along a line, or None where there is none."""
    for _ in range(2):  # once to find its course, once more along it
        strip, there = _strip(clipped, free, line)
        if len(strip) < 2:
            return None
        pieces = _piece_means(strip, there)
        line = _within(_straightened(line, pieces), clipped.shape)
    strip, there = _strip(clipped, free, line)
    pieces = _piece_means(strip, there)
    if len(pieces) < 2:
        return None
    z = _piece_significance(strip, there)
    ends = _ends(z, options.presence)
    if ends is None or not _is_trail(z, ends, len(strip), min(clipped.shape), options):
        return None
    profile = _profile(pieces[ends[0] : ends[1]])
    total = float(np.sum(z[ends[0] : ends[1]]) / np.sqrt(ends[1] - ends[0]))
    width = _half_width(profile, options.faintest)
    if total < options.threshold or width is None:
        return None
    return _between(line, ends, len(pieces), len(strip), width, total)


def _within(line: Line, shape: tuple[int, ...]) -> Line:
    """The part of a line inside the image; the line itself where it has none (Liang & Barsky 1984)."""
    low, high = 0.0, 1.0
    for start, step, last in (
        (line.x0, line.x1 - line.x0, shape[1] - 1.0),
        (line.y0, line.y1 - line.y0, shape[0] - 1.0),
    ):
        if step:
            a, b = sorted((-start / step, (last - start) / step))
            low, high = max(low, a), min(high, b)
    if low >= high:
        return line
    dx, dy = line.x1 - line.x0, line.y1 - line.y0
    return Line(line.x0 + low * dx, line.y0 + low * dy, line.x0 + high * dx, line.y0 + high * dy)


def _strip(clipped: F4, free: Bools, line: Line) -> tuple[F4, Bools]:
    """(length, 2 reach + 1) values at unit steps along and across a line, and which of them are usable pixels."""
    length = float(np.hypot(line.x1 - line.x0, line.y1 - line.y0))
    u = (line.x1 - line.x0) / length, (line.y1 - line.y0) / length
    along = np.arange(int(length) + 1)[:, None]
    across = np.arange(-_REACH_PX, _REACH_PX + 1)[None, :]
    x = np.rint(line.x0 + u[0] * along - u[1] * across).astype(np.intp)
    y = np.rint(line.y0 + u[1] * along + u[0] * across).astype(np.intp)
    ny, nx = clipped.shape
    inside = (x >= 0) & (x < nx) & (y >= 0) & (y < ny)
    x, y = np.where(inside, x, 0), np.where(inside, y, 0)
    there = inside & free[y, x]
    return np.where(there, clipped[y, x], np.float32(0)), np.asarray(there, np.bool_)


def _piece_means(strip: F4, there: Bools) -> F8:
    """(pieces, across) mean of each piece of the strip; NaN without a usable pixel."""
    starts = np.arange(0, len(strip), _SEGMENT_PX)
    total = np.add.reduceat(strip, starts, axis=0, dtype=np.float64)
    count = np.add.reduceat(there, starts, axis=0, dtype=np.int64)
    return np.asarray(total / np.where(count > 0, count, np.nan), np.float64)


def _profile(pieces: F8) -> F8:
    """Median over the pieces less what lies far to both sides; 0 where nothing is known."""
    known = np.isfinite(pieces).any(axis=0)
    profile = np.zeros(pieces.shape[1])
    profile[known] = np.nanmedian(pieces[:, known], axis=0)
    side = np.r_[profile[: _REACH_PX // 3], profile[-(_REACH_PX // 3) :]]
    return profile - float(np.median(side))


def _straightened(line: Line, pieces: F8) -> Line:
    """The line through the middles of the trail in its two halves."""
    half = max(1, len(pieces) // 2)
    first, second = (
        _middle_of(_profile(p)) for p in (pieces[:half], pieces[half:] if len(pieces) > half else pieces)
    )
    # where the trail ends in the image, one half shows nothing: its middle is that of the other
    low, high = sorted((first[1], second[1]))
    best = max(first, second, key=lambda m: m[1])
    shifts = [best[0]] * 2 if low < _EVEN * high else [first[0], second[0]]
    length = float(np.hypot(line.x1 - line.x0, line.y1 - line.y0))
    u = (line.x1 - line.x0) / length, (line.y1 - line.y0) / length
    slope = (shifts[1] - shifts[0]) * 2
    begin, end = shifts[0] - slope / 4, shifts[0] + 3 * slope / 4
    return Line(
        line.x0 - u[1] * begin, line.y0 + u[0] * begin, line.x1 - u[1] * end, line.y1 + u[0] * end
    )  # fmt: skip


def _middle_of(profile: F8) -> tuple[float, float]:
    """Centroid of the highest part of a profile near its middle, pixels from it, and its height."""
    near = slice(_REACH_PX - 16, _REACH_PX + 17)
    smooth = np.convolve(profile, np.ones(5) / 5, "same")[near]
    top = int(np.argmax(smooth))
    part = slice(max(0, top - 4), top + 5)
    weight = np.maximum(smooth[part], 0)
    offset = np.arange(len(smooth))[part] - 16
    return (float(np.sum(weight * offset) / np.sum(weight)) if weight.sum() > 0 else 0.0), float(smooth[top])


def _piece_significance(strip: F4, there: Bools) -> F8:
    """Height of the middle of each piece in its standard error; 0 where little is known.

    Heights are medians, because a star fills less than half of a piece and a trail all of it. The error is what
    the same heights scatter by at the sides of the trail, stars and all, and at least that of the noise.
    """
    known = np.where(there, strip, np.float32(np.nan))
    offsets = [o for o in range(_CORE_PX, 2 * _REACH_PX, 2 * _CORE_PX + 1) if abs(o - _REACH_PX) > _BESIDE_PX]
    sides = np.stack([_heights(known, o) for o in offsets])
    level = _medians(sides.T)
    scatter = MAD_TO_SIGMA * _median_of(np.abs(sides - level))
    count = np.add.reduceat(there[:, _core(_REACH_PX)], np.arange(0, len(strip), _SEGMENT_PX), axis=0).sum(
        axis=1
    )
    error = np.maximum(_MEDIAN_ERROR / np.sqrt(np.maximum(count, 1)), scatter)
    return np.where(count >= _SEGMENT_PX, np.nan_to_num((_heights(known, _REACH_PX) - level) / error), 0.0)


def _core(offset: int) -> slice:
    return slice(offset - _CORE_PX, offset + _CORE_PX + 1)


def _heights(known: F4, offset: int) -> F8:
    """(pieces,) median of each piece about a line at an offset; NaN without pixels."""
    part = known[:, _core(offset)]
    pieces = np.full((-(-len(part) // _SEGMENT_PX), _SEGMENT_PX * part.shape[1]), np.nan, np.float32)
    pieces.reshape(-1)[: part.size] = part.reshape(-1)
    return _medians(pieces)


def _medians(rows: F4 | F8) -> F8:
    """(n,) median of each row without its NaN; NaN where there is nothing else."""
    ordered, count = np.sort(rows, axis=1), np.isfinite(rows).sum(axis=1)
    low, high = np.maximum(count - 1, 0) // 2, count // 2
    number = np.arange(len(rows))
    middle = (
        ordered[number, low].astype(np.float64) + ordered[number, np.minimum(high, rows.shape[1] - 1)]
    ) / 2
    return np.asarray(np.where(count > 0, middle, np.nan), np.float64)


def _median_of(values: F4 | F8) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")


def _is_trail(z: F8, ends: tuple[int, int], length: int, side: int, options: StreakOptions) -> bool:
    """Long enough, and of one brightness: its fainter pieces have half of the median, less noise.

    Long enough is a part of the image's side, or from border to border where the line cuts a corner.
    """
    run = z[ends[0] : ends[1]]
    seen, typical = len(run) * _SEGMENT_PX, float(np.median(run))
    whole = ends[0] == 0 and ends[1] == len(z) and typical > _SURE
    long = seen >= max(options.least_share * side, _PIECES * _SEGMENT_PX) or (
        whole and length >= options.least_px
    )
    return bool(long and np.percentile(run, 20) > _EVEN * typical - 1)


def _ends(z: F8, presence: float) -> tuple[int, int] | None:
    """First piece and one past the last of the longest run in which the trail is seen often enough.

    Of all runs that begin and end with a piece that shows the trail, the longest with this part of its pieces
    showing it.
    """
    shown = z > _PRESENT
    place = np.flatnonzero(shown)
    if not len(place):
        return None
    before = np.concatenate([[0], np.cumsum(shown)])
    first, last = np.meshgrid(place, place + 1, indexing="ij")
    length = last - first
    share = (before[last] - before[first]) / np.maximum(length, 1)
    length = np.where((length > 0) & (share >= presence), length, 0)
    i, j = np.unravel_index(int(np.argmax(length)), length.shape)
    return (int(place[i]), int(place[j]) + 1) if length[i, j] > 0 else None


def _half_width(profile: F8, faintest: float) -> float | None:
    """Pixels to where the profile is lost; None where it is as wide as a galaxy."""
    smooth = np.convolve(profile, np.ones(3) / 3, "same")
    middle = float(smooth[_REACH_PX])
    folded = np.maximum(smooth[_REACH_PX:], smooth[_REACH_PX::-1])
    if middle <= 0 or folded[_REACH_PX // 2] > _SIDES * middle:
        return None
    below = np.flatnonzero(folded < max(faintest, 0.01 * middle))
    return float(below[0] if len(below) else _REACH_PX) + _MARGIN_PX


def _between(
    line: Line, ends: tuple[int, int], pieces: int, length: int, width: float, total: float
) -> Streak:
    """The part of a line that shows the trail; up to the border where it nearly reaches it."""
    first = 0 if ends[0] <= 1 else ends[0] * _SEGMENT_PX
    last = length - 1 if ends[1] >= pieces - 1 else ends[1] * _SEGMENT_PX
    f, g = first / max(length - 1, 1), last / max(length - 1, 1)
    dx, dy = line.x1 - line.x0, line.y1 - line.y0
    return Streak(line.x0 + f * dx, line.y0 + f * dy, line.x0 + g * dx, line.y0 + g * dy, width, total)


def _draw(mask: Bools, s: Streak) -> None:
    """Set the pixels of one streak, row by row, or column by column where it is flat."""
    length = float(np.hypot(s.x1 - s.x0, s.y1 - s.y0))
    u = ((s.x1 - s.x0) / length, (s.y1 - s.y0) / length) if length > 0 else (1.0, 0.0)
    if abs(u[1]) < abs(u[0]):
        _draw(mask.T, Streak(s.y0, s.x0, s.y1, s.x1, s.half_width, s.snr))
        return
    margin = s.half_width * abs(u[1])  # beyond the ends, along the streak
    low, high = sorted((s.y0, s.y1))
    rows = np.arange(max(0, int(np.ceil(low - margin))), min(mask.shape[0], int(np.floor(high + margin)) + 1))
    middle = s.x0 + (rows - s.y0) * u[0] / u[1]
    reach = s.half_width / abs(u[1])
    first = np.clip(np.ceil(middle - reach), 0, mask.shape[1]).astype(int)
    last = np.clip(np.floor(middle + reach) + 1, 0, mask.shape[1]).astype(int)
    for row, a, b in zip(rows.tolist(), first.tolist(), last.tolist(), strict=True):
        mask[row, a:b] = True
