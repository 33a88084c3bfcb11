"""Detections as the records of an astrometric report."""

import re
from datetime import datetime, timedelta

import numpy as np

from gnomon.algorithms.orbit.tables import magnitudes
from gnomon.algorithms.orbit.timescales import tai_to_utc
from gnomon.containers.catalog import Catalog

_MJD_ZERO = datetime(1858, 11, 17)
_PROVISIONAL = re.compile(r"\d{4} [A-Z]{2}\d*")
_MAG_PER_RELATIVE_ERROR = 2.5 / np.log(10)


def ades_records(rows: Catalog, station: str, star_catalog: str) -> list[dict[str, str]]:
    """One ADES optical record a detection: UTC to a millisecond, degrees to a microdegree's tenth, errors
    in arcsec.

    Numbers become permID, provisional designations provID, any other name trkSub.
    """
    utc, brightness = tai_to_utc(rows["midpointMjdTai"]), magnitudes(rows)
    out = []
    for k in range(len(rows)):
        name = str(rows["designation"][k])
        record = {_kind(name): name, "mode": "CCD", "stn": station, "obsTime": _iso(float(utc[k]))}
        record |= {"ra": f"{rows['ra'][k] % 360:.7f}", "dec": f"{rows['dec'][k]:.7f}"}
        record |= {"rmsRA": f"{rows['raErr'][k] * 3600:.4f}", "rmsDec": f"{rows['decErr'][k] * 3600:.4f}"}
        record |= {"astCat": star_catalog}
        if np.isfinite(brightness[k]):
            error = _MAG_PER_RELATIVE_ERROR * rows["psfFluxErr"][k] / rows["psfFlux"][k]
            record |= {"mag": f"{brightness[k]:.3f}", "band": str(rows["band"][k])}
            record |= {"rmsMag": f"{error:.3f}"} if np.isfinite(error) else {}
        out.append(record)
    return out


def _kind(name: str) -> str:
    if name.isdigit():
        return "permID"
    return "provID" if _PROVISIONAL.fullmatch(name) else "trkSub"


def _iso(mjd_utc: float) -> str:
    moment = _MJD_ZERO + timedelta(milliseconds=round(mjd_utc * 86_400_000))
    return f"{moment.isoformat(timespec='milliseconds')}Z"
