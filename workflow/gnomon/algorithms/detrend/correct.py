"""One raw detector to electrons: the whole signature removed, noise and bad pixels stated."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.detrend.assembly import check_layout
from gnomon.algorithms.detrend.brighter_fatter import correct_brighter_fatter, potential
from gnomon.algorithms.detrend.crosstalk import crosstalk_terms
from gnomon.algorithms.detrend.overscan import Overscan, measure_overscan
from gnomon.algorithms.detrend.saturation import grow_saturation
from gnomon.containers.image import DarkMaster, Image
from gnomon.containers.instrument import RawLayout
from gnomon.containers.raw import RawAmp, RawDetector
from gnomon.errors import UnprocessableData
from gnomon.flags import MASK
from gnomon.kernels.detrend import AmpConstants, MaskBits, MasterPlanes, Place, detrend_amp

F4 = npt.NDArray[np.float32]
F8 = npt.NDArray[np.float64]
U4 = npt.NDArray[np.uint32]

MIN_FLAT = 0.1  # response below which dividing gives noise, not signal
MAX_LOST = 0.9  # part of a detector beyond which nothing of the sky is left
CROSSTALK_SIGMA = 3.0  # corrections above this many read noises are flagged
_BITS = MaskBits(MASK["SAT"], MASK["SUSPECT"], MASK["BAD"], MASK["NO_DATA"])


@dataclass(frozen=True, slots=True)
class Masters:
    """Calibration frames of one detector; None leaves that correction out."""

    bias: Image | None = None
    """ADU."""
    dark: Image | None = None
    """Electrons per second."""
    flat: Image | None = None
    """Relative response, mean 1."""
    defects: Image | None = None
    """Only its mask counts."""


def detrend(raw: RawDetector, masters: Masters, dark_s: float, layout: RawLayout) -> Image:
    """Electrons of one detector, before background subtraction.

    In order: overscan, crosstalk, master bias, linearity, gain, dark current, flat, brighter-fatter. The
    variance is shot noise plus read noise plus the noise of the masters. Mask: SAT (level, bleed trails,
    margin), SUSPECT, CROSSTALK, BAD (defects, response below 0.1, an amplifier whose overscan is bad), NO_DATA (not
    finite).

    Parameters
    ----------
    raw
        Amplifiers in read order, ADU; headers with GAIN, RDNOISE (electrons) and SATURATE (ADU above bias).
    masters
        Of the detector's shape.
    dark_s
        Seconds over which dark current gathered.
    layout
        Electronics that the header does not give, and how the overscan is read.

    Raises
    ------
    UnprocessableData
        The amplifiers do not tile the detector, a master has another shape, no amplifier has a usable
        overscan, or the detector is saturated or lost all over.

    Limits
    ------
    Shot noise is taken from each pixel's own counts: inverse-variance weights are biased low by 1 / counts.
    """
    check_layout(raw)
    planes = _planes(masters, dark_s, raw.shape)
    zeros = [_overscan(amp, layout) for amp in raw.amps]
    faults = [z.fault for z in zeros]
    if all(faults):
        raise UnprocessableData(f"no amplifier has a usable overscan: {faults[0]}")
    out = _blank(raw.shape)
    lost = np.zeros(2, np.int64)
    ghosts = _crosstalk(raw.amps, zeros, layout)
    for amp, zero, ghost in zip(raw.amps, zeros, ghosts, strict=True):
        place = Place(amp.detsec.y0, amp.detsec.x0, amp.detsec.flip_y, amp.detsec.flip_x)
        light = amp.data[amp.datasec.slices()]
        constants = _constants(amp, dark_s, layout)
        lost += detrend_amp(light, zero.level, ghost, constants, _BITS, place, planes, out)
    _check_left(lost / out[2].size)
    image = Image(out[0], out[1], grow_saturation(out[2], layout.saturation_radius) if lost[0] else out[2])
    _flag_crosstalk(image, raw.amps, ghosts)
    _lose(image, [a for a, fault in zip(raw.amps, faults, strict=True) if fault])
    return _narrowed(image, planes, dark_s, layout.brighter_fatter) if layout.brighter_fatter else image


def _narrowed(image: Image, planes: MasterPlanes, dark_s: float, loss: float) -> Image:
    """Without the brighter-fatter effect, which acts on the charge: the flat multiplied in, the dark current added.

    Pixels without information are taken to hold the detector's median.
    """
    flat = np.float32(1) if planes.flat is None else planes.flat
    dark = np.float32(0) if planes.dark is None else planes.dark * np.float32(dark_s)
    known = image.variance > 0
    charge = np.where(known, image.flux, np.median(image.flux[known])) * flat + dark
    gained = correct_brighter_fatter(charge, potential(loss)) - charge
    flux = np.where(known, image.flux + gained / np.where(known, flat, 1), image.flux)
    return Image(flux.astype(np.float32), image.variance, image.mask)


def above_overscan(raw: RawDetector, layout: RawLayout) -> Image:
    """The detector in ADU above its overscan, nothing else corrected: what a master bias is made of.

    Parameters, errors and mask as `detrend`; the variance includes no shot noise to speak of and is not meant
    for use.
    """
    amps = tuple(
        replace(a, header={**a.header, "GAIN": 1.0, "RDNOISE": _read_noise_adu(a)}) for a in raw.amps
    )
    plain = replace(layout, linearity=(), crosstalk=(), brighter_fatter=0.0)
    return detrend(RawDetector(amps, raw.header), Masters(), 0.0, plain)


def read_variance(raw: RawDetector) -> F4:
    """(ny, nx) float32 square of the read noise of each pixel's amplifier, electrons squared."""
    out = np.zeros(raw.shape, np.float32)
    for amp in raw.amps:
        out[amp.detsec.slices()] = float(amp.header["RDNOISE"]) ** 2
    return out


def read_variance_adu(raw: RawDetector) -> F4:
    """(ny, nx) float32 square of the read noise of each pixel's amplifier, ADU squared."""
    out = np.zeros(raw.shape, np.float32)
    for amp in raw.amps:
        out[amp.detsec.slices()] = _read_noise_adu(amp) ** 2
    return out


def bias_variance(raw: RawDetector, masters: Masters) -> F4 | float:
    """(ny, nx) float32 variance that a master bias brings to every exposure, e- squared; 0 without."""
    if masters.bias is None:
        return 0.0
    out = masters.bias.variance.copy()
    for amp in raw.amps:
        out[amp.detsec.slices()] *= float(amp.header["GAIN"]) ** 2
    return out


def bias_share(dark: Image | None, dark_s: float) -> float:
    """Factor of the master bias's variance that an exposure of dark time t has beside that of the master dark.

    The same bias was taken from the darks, of mean time T: what is left of its error is ``1 - t / T`` of it, and
    the dark's variance, times t^2, holds ``(t / T)^2`` already: ``(1 - t / T)^2 - (t / T)^2 = 1 - 2 t / T``.
    """
    if not isinstance(dark, DarkMaster) or dark.seconds <= 0:
        return 1.0
    return 1.0 - 2.0 * dark_s / dark.seconds


def _planes(masters: Masters, dark_s: float, shape: tuple[int, int]) -> MasterPlanes:
    for name in ("bias", "dark", "flat", "defects"):
        master: Image | None = getattr(masters, name)
        if master is not None and master.shape != shape:
            raise UnprocessableData(f"master {name} is {master.shape}, wanted {shape} like the exposure")
    b, d, f = masters.bias, masters.dark, masters.flat
    share = bias_share(d, dark_s)
    return MasterPlanes(
        bias=b.flux if b else None,
        bias_variance=_times(b.variance, share) if b and share else None,
        dark=d.flux if d else None,
        dark_variance=d.variance if d else None,
        flat=f.flux if f else None,
        flat_variance=f.variance if f else None,
        defects=masters.defects.mask if masters.defects else None,
    )


def _times(plane: F4, factor: float) -> F4:
    return plane if factor == 1 else plane * np.float32(factor)


def _overscan(amp: RawAmp, layout: RawLayout) -> Overscan:
    """Zero level of the rows of light; 0 for an amplifier that has no overscan."""
    ny = amp.datasec.shape[0]
    if amp.biassec.x1 <= amp.biassec.x0:
        return Overscan(np.zeros(ny, np.float32), 0.0, 0.0, "")
    rows, light = amp.biassec, amp.datasec
    noise = _read_noise_adu(amp)
    beside = rows.y0 <= light.y0 and rows.y1 >= light.y1
    method = layout.overscan if beside else "median"
    zero = measure_overscan(amp.data[rows.slices()], method, noise, layout.overscan_degree)
    level = zero.level[light.y0 - rows.y0 : light.y1 - rows.y0] if beside else np.resize(zero.level, ny)
    return Overscan(np.ascontiguousarray(level), zero.noise, zero.rejected, zero.fault)


def _read_noise_adu(amp: RawAmp) -> float:
    return float(amp.header["RDNOISE"]) / float(amp.header["GAIN"])


def _crosstalk(amps: Sequence[RawAmp], zeros: Sequence[Overscan], layout: RawLayout) -> Sequence[F4 | None]:
    if not layout.crosstalk:
        return [None] * len(amps)
    light = [a.data[a.datasec.slices()] - z.level[:, None] for a, z in zip(amps, zeros, strict=True)]
    return crosstalk_terms([v.astype(np.float32, copy=False) for v in light], layout.crosstalk)


def _constants(amp: RawAmp, dark_s: float, layout: RawLayout) -> AmpConstants:
    gain, noise, full = (float(amp.header[k]) for k in ("GAIN", "RDNOISE", "SATURATE"))
    c0, c1, c2, c3 = (*layout.linearity, 0.0, 0.0, 0.0, 0.0)[:4]
    suspect = full * layout.suspect_fraction if layout.suspect_fraction < 1 else np.inf
    return AmpConstants(gain, noise**2, full, suspect, (c0, c1, c2, c3), dark_s, MIN_FLAT)


def _blank(shape: tuple[int, int]) -> tuple[F4, F4, U4]:
    return np.empty(shape, np.float32), np.empty(shape, np.float32), np.empty(shape, np.uint32)


def _flag_crosstalk(image: Image, amps: Sequence[RawAmp], ghosts: Sequence[F4 | None]) -> None:
    for amp, ghost in zip(amps, ghosts, strict=True):
        if ghost is not None:
            limit = CROSSTALK_SIGMA * _read_noise_adu(amp)
            strong = amp.detsec.orient(np.abs(ghost) > limit)
            image.mask[amp.detsec.slices()] |= np.where(strong, np.uint32(MASK["CROSSTALK"]), np.uint32(0))


def _lose(image: Image, amps: Sequence[RawAmp]) -> None:
    """Take all information from amplifiers whose zero level is unknown."""
    for amp in amps:
        where = amp.detsec.slices()
        image.flux[where] = 0
        image.variance[where] = 0
        image.mask[where] = MASK["BAD"]


def _check_left(parts: F8) -> None:
    """Refuse a detector in which nothing of the sky is left."""
    for part, what in zip(parts, ("saturated", "not finite"), strict=True):
        if part > MAX_LOST:
            raise UnprocessableData(
                f"{100 * part:.0f} % of the pixels are {what}, wanted some that show the sky"
            )
