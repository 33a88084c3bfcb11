"""Places of empty sky, measured like sources to learn the true noise."""

import numpy as np
import numpy.typing as npt

from gnomon import flags
from gnomon.containers.image import Image

I4 = npt.NDArray[np.int32]

NOT_EMPTY = flags.UNUSABLE | flags.mask_value("DETECTED", "DETECTED_NEGATIVE", "EDGE", "SPIKE", "VIGNETTED")
TRIES_PER_POSITION = 40  # a field with 90 % of its places taken still fills its list


def sky_positions(
    image: Image, count: int, *, radius_px: int, rng: np.random.Generator, avoid: int = NOT_EMPTY
) -> tuple[I4, I4]:
    """Pixels (x, y) around which a square of half side ``radius_px`` is free of sources and defects.

    Parameters
    ----------
    image
        With DETECTED set (`mark_detected`).
    count
        Wanted number; fewer come back where the field is too crowded.
    avoid
        Mask bits that make a place unfit; pixels without variance always do.

    Returns
    -------
    x, y : (n,) int32, n <= count
        Squares do not overlap.

    Raises
    ------
    ValueError
        A negative count or radius.
    """
    if count < 0 or radius_px < 0:
        raise ValueError(f"count {count} and radius {radius_px} must not be negative")
    ny, nx = image.shape
    if min(ny, nx) <= 2 * radius_px or count == 0:
        return np.empty(0, np.int32), np.empty(0, np.int32)
    tries = TRIES_PER_POSITION * count
    ys = rng.integers(radius_px, ny - radius_px, tries)
    xs = rng.integers(radius_px, nx - radius_px, tries)
    found: list[tuple[int, int]] = []
    taken = np.zeros(image.shape, np.bool_)
    for y, x in zip(ys.tolist(), xs.tolist(), strict=True):
        if len(found) == count:
            break
        square = (slice(y - radius_px, y + radius_px + 1), slice(x - radius_px, x + radius_px + 1))
        if _is_free(image, square, avoid) and not taken[square].any():
            taken[square] = True
            found.append((x, y))
    places = np.array(found, np.int32).reshape(-1, 2)
    return places[:, 0].copy(), places[:, 1].copy()


def _is_free(image: Image, square: tuple[slice, slice], avoid: int) -> bool:
    """No pixel of the square is masked or without variance."""
    masked = (image.mask[square] & np.uint32(avoid)).any()
    return not masked and bool((image.variance[square] > 0).all())
