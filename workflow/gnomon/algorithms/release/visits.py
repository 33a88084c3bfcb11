"""One row a visit, out of one row a detector."""

import numpy as np

from gnomon.containers.catalog import Catalog, Column

_OF_VISIT = ("visit", "night", "band", "midpointMjdTai", "exptime", "airmass")
_MEDIANS = ("seeing", "skyBg", "skyNoise", "zeroPoint", "transparency", "effTime", "magLim", "astromRms")


def visit_row(detectors: Catalog) -> Catalog:
    """The visit of a table of schema ``visit_summary`` as a table of schema ``release_visit``; may be empty."""
    first = detectors.take(np.arange(min(len(detectors), 1)))
    columns: dict[str, Column] = {n: first[n] for n in _OF_VISIT}
    for name in _MEDIANS:
        columns[name] = first[name] if not len(first) else np.array([_median(detectors[name])])
    ra, dec = _centre(detectors["ra"], detectors["dec"])
    columns |= {"ra": ra[: len(first)], "dec": dec[: len(first)]}
    columns["nDetector"] = np.full(len(first), len(detectors), np.int32)
    columns["nSource"] = np.full(len(first), detectors["nSource"].sum(), np.int64)
    return Catalog(columns, detectors.meta)


def _median(values: Column) -> float:
    good = values[np.isfinite(values)]
    return float(np.median(good)) if len(good) else float("nan")


def _centre(ra: Column, dec: Column) -> tuple[Column, Column]:
    """Middle of positions in degrees, on the sphere."""
    a, d = np.radians(ra), np.radians(dec)
    x, y, z = (np.cos(d) * np.cos(a)).sum(), (np.cos(d) * np.sin(a)).sum(), np.sin(d).sum()
    return np.degrees([np.arctan2(y, x) % (2 * np.pi)]), np.degrees([np.arctan2(z, np.hypot(x, y))])
