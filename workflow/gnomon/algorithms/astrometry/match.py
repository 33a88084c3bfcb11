"""Which detection is which catalogue star, from a map that may be far off.

Pairs of stars vote. A pair of detections and a pair of catalogue stars with nearly the same separation and
direction fix a shift, a turn and a scale; true pairs agree on them and false ones scatter. The leading
candidates are then judged by how many stars they bring together, against the number chance would.
(The vote is the pose clustering of Olson 1997, IJCV 23, 149; compare Groth 1986, AJ 91, 1244, and
Lang et al. 2010, AJ 139, 1782, for triangles and quads, which need no prior scale.)
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import KDTree

from gnomon.algorithms.astrometry.pairs import log_poisson_tail, nearest_pairs
from gnomon.algorithms.astrometry.tansip import fit_tan_sip
from gnomon.containers.stars import Detections, Reference, brightest
from gnomon.containers.wcs import Wcs, plane_to_sky, sky_to_plane
from gnomon.errors import UnprocessableData

F8 = npt.NDArray[np.float64]
C16 = npt.NDArray[np.complex128]
Index = npt.NDArray[np.intp]

ARCSEC = np.pi / 180 / 3600
"""Radians of an arcsecond."""

_STAGES = (
    (30, 1, False),
    (80, 1, False),
    (30, 1, True),
    (30, -1, True),
    (200, 1, False),
    (45, 1, True),
    (45, -1, True),
)  # detections that vote, parity, and whether any turn is allowed: the likelier and cheaper first
_DEEPER = 1.5  # catalogue stars per detection: the brightest of one band are not those of another
_MIN_REFERENCE = 200  # catalogue stars used at least: few detections say little about the depth
_MAX_REFERENCE = 700  # catalogue stars that vote: 490,000 directed pairs
_JUDGED = 400  # detections that judge a candidate
_CANDIDATES = 8
_MIN_BASELINE = 0.2  # pairs closer than this part of the field's radius fix no direction
_RIVAL = 0.7  # another solution with this share of the stars makes the best one ambiguous
_CERTAIN = 20.0  # a match this much less likely (natural logarithm) than the limit ends the search
_SEAM = -2.2  # radians; turns are counted from here, away from the quarter turns that cameras make


@dataclass(frozen=True, slots=True)
class MatchLimits:
    """How wrong the map may be."""

    offset: float = 120.0 * ARCSEC
    """Greatest shift at the centre of the detector, radians."""
    rotation: float = np.deg2rad(1.0)
    """Greatest turn, radians."""
    scale: float = 0.02
    """Greatest relative error of the pixel scale."""
    tolerance: float = 1.5 * ARCSEC
    """Distance within which stars agree while the distortion is not yet fitted, radians."""
    false_probability: float = 1e-3
    """Chance of a match by accident, over all that was searched, above which it is refused."""
    any_orientation: bool = True
    """Whether mirrored images and any turn are looked for as well."""


@dataclass(frozen=True, slots=True)
class StarMatch:
    """Pairs of detections and catalogue stars, and the map that joins them."""

    detection: Index
    """(n,) rows of the detections."""
    reference: Index
    """(n,) rows of the reference, each once."""
    wcs: Wcs
    """The map moved, turned, scaled and, if need be, mirrored."""
    offset: float
    """How far the centre of the detector moved, radians."""
    rotation: float
    """Turn of the sky, after mirroring east and west if mirrored; radians in (-pi, pi]."""
    scale: float
    """Pixel scale by that of the starting map."""
    mirrored: bool
    """Whether the starting map had the wrong parity."""
    log_false: float
    """Natural logarithm of the probability that chance brings as many stars together."""
    rival: float
    """Stars of the next best, different solution by those of this one."""


@dataclass(frozen=True, slots=True)
class _Pose:
    """``z -> factor * mirror(z) + shift`` on the tangent plane about the detector's centre."""

    parity: int
    factor: complex
    shift: complex

    def apply(self, z: C16) -> C16:
        """Where the pose puts positions."""
        moved: C16 = self.factor * _mirror(z, self.parity) + self.shift
        return moved


def match_stars(
    detections: Detections, reference: Reference, wcs: Wcs, shape: tuple[int, int], limits: MatchLimits
) -> StarMatch:
    """Pair the stars of a detector with a catalogue.

    Parameters
    ----------
    detections
        Stars of one detector; the brightest few hundred are used.
    reference
        Stars of the catalogue around it, at the exposure's epoch; must reach ``limits.offset`` beyond the
        detector.
    wcs
        Starting map.
    shape
        Rows and columns of the detector.
    limits
        How far off the starting map may be.

    Raises
    ------
    UnprocessableData
        No stars, no match that chance would not make as well, or two different matches nearly as good (a
        doubled exposure, a regular grid).
    """
    if len(detections) == 0 or len(reference) == 0:
        raise UnprocessableData(
            f"cannot match {len(detections)} detections and {len(reference)} catalogue stars"
        )
    field = _field(detections, reference, wcs, shape, limits)
    best: list[tuple[float, int, _Pose]] = []
    for count, parity, turned in _STAGES:
        if turned and not limits.any_orientation:
            continue
        best += _judge(field, _vote(field, count, parity, turned, limits), limits)
        best.sort(key=lambda c: (c[0], -c[1]))
        if best and best[0][0] < np.log(limits.false_probability) - _CERTAIN:
            break
    return _accept(field, best, wcs, shape, limits)


@dataclass(frozen=True, slots=True)
class _Field:
    """Both lists, brightest first, as complex standard coordinates about the detector's centre."""

    detected: C16
    detected_rows: Index
    known: C16
    known_rows: Index
    tree: KDTree
    radius: float
    density: float
    centre: tuple[float, float]


def _field(
    detections: Detections, reference: Reference, wcs: Wcs, shape: tuple[int, int], limits: MatchLimits
) -> _Field:
    middle = (shape[1] - 1) / 2, (shape[0] - 1) / 2
    ra0, dec0 = wcs.pixel_to_sky(*middle)
    centre = float(ra0), float(dec0)
    corner = _complex(*sky_to_plane(*wcs.pixel_to_sky([0, shape[1] - 1], [0, shape[0] - 1]), centre))
    radius = float(np.max(np.abs(corner)))
    usable = np.flatnonzero(np.isfinite(detections.x) & np.isfinite(detections.y))
    rows = usable[brightest(detections.flux[usable], _JUDGED)]
    if len(rows) == 0:
        raise UnprocessableData("no detection has a finite position")
    detected = _complex(*sky_to_plane(*wcs.pixel_to_sky(detections.x[rows], detections.y[rows]), centre))
    known = _complex(*sky_to_plane(reference.ra, reference.dec, centre))
    reach = radius * (1 + limits.scale) + limits.offset + limits.tolerance
    near = np.flatnonzero(np.abs(known) < reach)  # NaN (the far side of the sky) is not near
    # the catalogue as deep as the detections: same number per area, and somewhat deeper
    area = float(np.prod(shape)) * wcs.pixel_scale() ** 2
    wanted = max(int(_DEEPER * len(rows) * max(1.0, np.pi * reach**2 / area)), _MIN_REFERENCE)
    near = near[brightest(reference.flux[near], wanted)]
    if len(near) == 0:
        raise UnprocessableData("no catalogue star lies within reach of the detector")
    points = np.stack([known[near].real, known[near].imag], -1)
    density = len(near) / (np.pi * reach**2)
    return _Field(detected, rows, known[near], near, KDTree(points), radius, density, centre)


def _vote(field: _Field, count: int, parity: int, turned: bool, limits: MatchLimits) -> list[_Pose]:
    """The poses that most pairs agree on, the most favoured first."""
    stars = _mirror(field.detected[:count], parity)
    share = min(count / len(field.detected), 1.0)
    known = field.known[: min(max(int(len(field.known) * share), 30), _MAX_REFERENCE)]
    first, second = _pairs(stars, field.radius)
    if len(first) < 3:
        factor, shift = _shifts(stars, known)
    else:
        span = stars[second] - stars[first]
        k, m = np.nonzero(~np.eye(len(known), dtype=bool))
        i, j = _alike(span, known[m] - known[k], turned, limits)
        factor = (known[m[j]] - known[k[j]]) / span[i]
        shift = known[k[j]] - factor * stars[first[i]]
    kept = np.abs(shift) <= limits.offset
    poses = _clusters(factor[kept], shift[kept], field.radius, limits)
    return [_Pose(parity, f, s) for f, s in poses]


def _shifts(stars: C16, known: C16) -> tuple[C16, C16]:
    """Every shift that brings some star onto another: all that one or two stars can say."""
    shift = (known[None, :] - stars[:, None]).ravel()
    return np.ones_like(shift), shift


def _pairs(z: C16, radius: float) -> tuple[Index, Index]:
    """Pairs far enough apart to fix a direction, each pointing to positive real part."""
    i, j = np.triu_indices(len(z), 1)
    apart = np.abs(z[i] - z[j]) > _MIN_BASELINE * radius
    i, j = i[apart], j[apart]
    flip = (z[j] - z[i]).real < 0
    return np.where(flip, j, i), np.where(flip, i, j)


def _alike(span: C16, known_span: C16, turned: bool, limits: MatchLimits) -> tuple[Index, Index]:
    """Rows of pairs equal in length, and in direction unless any turn is allowed."""
    slack = limits.tolerance / float(np.median(np.abs(span)))
    length, known_length = np.log(np.abs(span)), np.log(np.maximum(np.abs(known_span), 1e-12))
    if turned:
        return _within(length, known_length, limits.scale + slack)
    unit = np.array([limits.scale + slack, limits.rotation + slack])
    pairs = KDTree(np.stack([length, np.angle(span)], -1) / unit).sparse_distance_matrix(
        KDTree(np.stack([known_length, np.angle(known_span)], -1) / unit),
        1.0,
        p=np.inf,
        output_type="ndarray",
    )
    return pairs["i"], pairs["j"]


def _within(a: F8, b: F8, reach: float) -> tuple[Index, Index]:
    """All rows (i, j) with ``|a[i] - b[j]| <= reach``."""
    order = np.argsort(b, kind="stable")
    low, high = np.searchsorted(b[order], a - reach), np.searchsorted(b[order], a + reach)
    number = high - low
    i = np.repeat(np.arange(len(a)), number)
    within = np.arange(len(i)) - np.repeat(np.cumsum(number) - number, number)
    return i, order[low[i] + within]


def _clusters(factor: C16, shift: C16, radius: float, limits: MatchLimits) -> list[tuple[complex, complex]]:
    """Means of the fullest cells of (shift, turn, scale); two lattices, half a cell apart."""
    if len(factor) == 0:
        return []
    cell = 3 * limits.tolerance
    turn = np.mod(np.angle(factor) - _SEAM, 2 * np.pi)
    pose = np.stack([shift.real, shift.imag, radius * turn, radius * np.log(np.abs(factor))], -1)
    found: list[tuple[int, complex, complex]] = []
    for lattice in (0.0, 0.5):
        key = np.floor(pose / cell + lattice).astype(np.int64)
        key -= key.min(axis=0)
        size = key.max(axis=0) + 1
        flat = ((key[:, 0] * size[1] + key[:, 1]) * size[2] + key[:, 2]) * size[3] + key[:, 3]
        _, label, votes = np.unique(flat, return_inverse=True, return_counts=True)
        for c in np.argsort(-votes, kind="stable")[:_CANDIDATES]:
            members = label == c
            found.append((int(votes[c]), complex(np.mean(factor[members])), complex(np.mean(shift[members]))))
    found.sort(key=lambda f: -f[0])
    return [(f, s) for _, f, s in found]


def _judge(field: _Field, poses: list[_Pose], limits: MatchLimits) -> list[tuple[float, int, _Pose]]:
    """(log probability of chance, stars matched, refined pose) of each candidate."""
    judged = []
    for pose in poses:
        refined, count = _refine(field, pose, limits)
        if count and abs(refined.shift) <= limits.offset * 1.05:
            judged.append((_log_chance(field, refined, count, limits), count, refined))
    return judged


def _refine(field: _Field, pose: _Pose, limits: MatchLimits) -> tuple[_Pose, int]:
    """Similarity refitted to the stars it joins, thrice; a shift alone below three stars."""
    i, j = _join(field, pose, limits.tolerance)
    for _ in range(3):
        if len(i) == 0:
            break
        z, known = _mirror(field.detected[i], pose.parity), field.known[j]
        mean_z, mean_k = np.mean(z), np.mean(known)
        factor = pose.factor
        if len(i) >= 3:
            spread = np.sum(np.abs(z - mean_z) ** 2)
            factor = (
                complex(np.sum((known - mean_k) * np.conj(z - mean_z)) / spread) if spread > 0 else factor
            )
        pose = _Pose(pose.parity, factor, complex(mean_k - factor * mean_z))
        i, j = _join(field, pose, limits.tolerance)
    return pose, len(i)


def _join(field: _Field, pose: _Pose, tolerance: float) -> tuple[Index, Index]:
    """Detections and catalogue stars that are each other's nearest within the tolerance."""
    z = pose.apply(field.detected)
    return nearest_pairs(np.stack([z.real, z.imag], -1), field.tree, tolerance)


def _log_chance(field: _Field, pose: _Pose, count: int, limits: MatchLimits) -> float:
    """Log probability that chance brings ``count`` stars together somewhere in the space searched."""
    tolerance = limits.tolerance
    expected = len(field.detected) * field.density * np.pi * tolerance**2
    shifts = max((limits.offset / tolerance) ** 2, 1.0)
    turned, scaled = (2 * np.pi * 2 if limits.any_orientation else 2 * limits.rotation), 2 * limits.scale
    cells = 0.0 if pose.factor == 1 else field.radius / tolerance
    trials = shifts * max(turned * cells, 1.0) * max(scaled * cells, 1.0)
    return log_poisson_tail(count, expected) + float(np.log(trials))


def _accept(
    field: _Field,
    best: list[tuple[float, int, _Pose]],
    wcs: Wcs,
    shape: tuple[int, int],
    limits: MatchLimits,
) -> StarMatch:
    wanted = f"{len(field.detected)} detections and {len(field.known)} catalogue stars"
    if not best or best[0][0] > np.log(limits.false_probability):
        top = f"the best joins {best[0][1]}, which chance does too" if best else "no shift joins any"
        raise UnprocessableData(f"no match between {wanted}: {top}")
    log_false, count, pose = best[0]
    rival = _rival(best, field.radius, limits)
    if rival >= _RIVAL:
        raise UnprocessableData(
            f"two different matches between {wanted}: the second joins {rival:.2f} of the first's {count}"
        )
    pose = _without_turn(field, pose, count, limits)
    i, j = _join(field, pose, limits.tolerance)
    return StarMatch(
        field.detected_rows[i],
        field.known_rows[j],
        _moved(wcs, shape, pose, field.centre),
        abs(pose.shift),
        float(np.angle(pose.factor)),
        abs(pose.factor),
        pose.parity < 0,
        log_false,
        rival,
    )


def _without_turn(field: _Field, pose: _Pose, count: int, limits: MatchLimits) -> _Pose:
    """A shift alone where it joins as many: few stars measure a turn worse than the start knew it."""
    if pose.parity < 0 or field.radius * abs(pose.factor - 1) > limits.tolerance:
        return pose
    i, j = _join(field, pose, limits.tolerance)
    shift = _Pose(1, 1.0, complex(np.mean(field.known[j] - field.detected[i])))
    return shift if len(_join(field, shift, limits.tolerance)[0]) >= count else pose


def _rival(best: list[tuple[float, int, _Pose]], radius: float, limits: MatchLimits) -> float:
    """Stars of the best solution that is not the best one again, by those of the best one."""
    _, count, top = best[0]
    for _, other_count, pose in best[1:]:
        apart = max(abs(pose.shift - top.shift), radius * abs(pose.factor - top.factor))
        if pose.parity != top.parity or apart > 2 * limits.tolerance:
            return other_count / count
    return 0.0


def _moved(wcs: Wcs, shape: tuple[int, int], pose: _Pose, centre: tuple[float, float]) -> Wcs:
    """The starting map after the pose, refitted on a grid over the detector."""
    rows, columns = np.meshgrid(np.linspace(0, shape[0] - 1, 12), np.linspace(0, shape[1] - 1, 12))
    x, y = columns.ravel(), rows.ravel()
    z = pose.apply(_complex(*sky_to_plane(*wcs.pixel_to_sky(x, y), centre)))
    ra, dec = plane_to_sky(z.real, z.imag, centre)
    degree = max(len(wcs.a), len(wcs.b)) - 1
    middle = (shape[1] - 1) / 2, (shape[0] - 1) / 2
    return fit_tan_sip(
        x, y, ra, dec, np.ones_like(x), degree=max(degree, 1), crpix=middle, scale=max(shape) / 2
    ).wcs


def _mirror(z: C16, parity: int) -> C16:
    """East for west if the parity is negative."""
    return z if parity > 0 else -np.conj(z)


def _complex(xi: F8, eta: F8) -> C16:
    return np.asarray(xi + 1j * eta, np.complex128)
