"""Stars of a reference catalogue at the time and place of an exposure."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.astrometry.epoch import apply_space_motion, position_error_at
from gnomon.containers.catalog import Catalog, concatenate
from gnomon.containers.sphere import chord, directions
from gnomon.containers.wcs import Wcs

F8 = npt.NDArray[np.float64]

_FLUX = "flux_"


def reference_stars(
    shards: Sequence[Catalog], wcs: Wcs, shape: tuple[int, int], mjd_tai: float, margin: float
) -> Catalog:
    """Stars within ``margin`` of a detector, moved to the date.

    Parameters
    ----------
    shards : catalogues with the columns of ``gnomon.io.refcat``, angles in radians
    wcs : first guess of the map
    shape : rows and columns of the detector
    mjd_tai : date, TAI MJD
    margin : radians beyond the detector's circumscribed circle

    Returns
    -------
    Catalog
        The shards' columns; ``coord_ra``, ``coord_dec`` at the date and ``error``, their standard error per
        axis in radians. Without rows, and without columns, where no shard is given.
    """
    if not shards:
        return Catalog({})
    stars = concatenate(shards)
    ra, dec = apply_space_motion(
        stars["coord_ra"], stars["coord_dec"], _known(stars["pmRA"]), _known(stars["pmDec"]),
        _known(stars["parallax"]), stars["epoch"], mjd_tai,
    )  # fmt: skip
    radius = margin + 0.5 * float(np.hypot(*shape)) * wcs.pixel_scale()
    middle = wcs.pixel_to_sky((shape[1] - 1) / 2, (shape[0] - 1) / 2)
    centre = directions(np.atleast_1d(middle[0]), np.atleast_1d(middle[1]))
    near = np.sum((directions(ra, dec) - centre) ** 2, axis=-1) <= chord(radius) ** 2
    stated = np.maximum(stars["raErr"], stars["decErr"])
    error = position_error_at(stated, stars["pmRAErr"], stars["parallaxErr"], stars["epoch"], mjd_tai)
    return stars.with_columns(coord_ra=ra, coord_dec=dec, error=error).take(near)


def flux_in(stars: Catalog, band: str) -> tuple[F8, F8]:
    """Fluxes and errors in a band, nJy; NaN where the catalogue does not have the band."""
    nothing = np.full(len(stars), np.nan)
    name = f"{_FLUX}{band}"
    return (stars[name], stars[f"fluxErr_{band}"]) if name in stars else (nothing, nothing)


def brightness(stars: Catalog, band: str) -> F8:
    """Some flux of every star, to sort by: in the band, or in whatever band the catalogue has."""
    flux = flux_in(stars, band)[0].copy()
    for name in sorted(n for n in stars.columns if n.startswith(_FLUX)):
        flux = np.where(np.isfinite(flux), flux, stars[name])
    return flux


def _known(values: F8) -> F8:
    return np.nan_to_num(values, nan=0.0)
