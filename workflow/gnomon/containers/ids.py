"""Identifiers as pure functions of the data id and a local index: any order of work gives the same ones."""

import numpy as np
import numpy.typing as npt

I8 = npt.NDArray[np.int64]

INDEX_BITS = 21
"""Two million sources per detector."""

DETECTOR_BITS = 8
"""256 detectors per camera."""

OBJECT_INDEX_BITS = 32
"""Four thousand million objects per patch; ten bits for the patch and twenty for the tract lie above."""

PATCH_BITS = 10

FIRST_YEAR = 1990
"""Visits named by date begin here."""

DATED = 10**12
"""Visit numbers from here on are read as YYYYMMDD and a sequence of five digits."""


def visit_code(visit: int) -> int:
    """A visit's number packed into 34 bits, rising with the number among visits of one kind.

    Raises
    ------
    ValueError
        The number is negative, or too large and not a date with a sequence number.
    """
    if 0 <= visit < 2**33 and visit < DATED:
        return visit
    date, sequence = divmod(visit, 100_000)
    year, month, day = date // 10_000, date // 100 % 100, date % 100
    if not (FIRST_YEAR <= year < FIRST_YEAR + 200 and 1 <= month <= 12 and 1 <= day <= 31):
        raise ValueError(f"visit {visit} is neither below 2^33 nor a date with five digits of sequence")
    # Years of twelve months of 31 days: 74,400 days need 17 bits, the sequence another 17 less a little.
    return 2**33 + (((year - FIRST_YEAR) * 12 + month - 1) * 31 + day - 1) * 100_000 + sequence


def source_ids(visit: int, detector: int, index: I8) -> I8:
    """Identifiers of sources of one detector of one visit, positive int64.

    Parameters
    ----------
    visit, detector : the data id.
    index : (n,) int64, place of the source in its detector's list, 0 to 2^21 - 1.

    Raises
    ------
    ValueError
        A number does not fit.
    """
    if not 0 <= detector < 2**DETECTOR_BITS:
        raise ValueError(f"detector {detector} is not below {2**DETECTOR_BITS}")
    _check(index, INDEX_BITS)
    return np.asarray(index, np.int64) + (((visit_code(visit) << DETECTOR_BITS) + detector) << INDEX_BITS)


def object_ids(tract: int, patch: int, index: I8) -> I8:
    """Identifiers of objects of one patch, positive int64.

    Raises
    ------
    ValueError
        A number does not fit.
    """
    if not (0 <= tract < 2**20 and 0 <= patch < 2**PATCH_BITS):
        raise ValueError(f"tract {tract} or patch {patch} is out of range")
    _check(index, OBJECT_INDEX_BITS)
    return np.asarray(index, np.int64) + (((tract << PATCH_BITS) + patch) << OBJECT_INDEX_BITS)


def _check(index: I8, bits: int) -> None:
    if len(index) and not (index.min() >= 0 and index.max() < 2**bits):
        raise ValueError(f"index {index.min()} to {index.max()} does not fit in {bits} bits")
