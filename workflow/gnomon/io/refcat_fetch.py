"""Catalogues from the archives, for people with a network; an answer is kept and never asked for twice."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from gnomon.errors import ConfigError
from gnomon.io.atomic import replacing
from gnomon.io.refcat import Region

Columns = Mapping[str, npt.NDArray[np.generic]]
Query = Callable[[Region], Columns]

# Tables at the CDS (VizieR) or the Gaia archive; the columns are those of config/refcats.yaml.
_VIZIER = {
    "panstarrs1": (
        "II/349/ps1",
        {"objID": "objID", "RAJ2000": "raMean", "DEJ2000": "decMean", "e_RAJ2000": "raMeanErr"}
        | {"e_DEJ2000": "decMeanErr", "Epoch": "epochMean"}
        | {f"{b}mag": f"{b}MeanPSFMag" for b in "grizy"}
        | {f"e_{b}mag": f"{b}MeanPSFMagErr" for b in "grizy"},
    ),
    "sdss": (
        "V/154/sdss16",
        {"objID": "objid", "RA_ICRS": "ra", "DE_ICRS": "dec", "e_RA_ICRS": "raErr", "e_DE_ICRS": "decErr"}
        | {"MJD": "mjd"}
        | {f"{b}pmag": f"psfMag_{b}" for b in "ugriz"}
        | {f"e_{b}pmag": f"psfMagErr_{b}" for b in "ugriz"},
    ),
}


def fetch_cached(flavour: str, region: Region, cache: str | Path, query: Query | None = None) -> Path:
    """The file with a catalogue's answer for a region; asked for only where there is no such file yet.

    Parameters
    ----------
    flavour
        Kind of catalogue: gaia_dr2, gaia_dr3, panstarrs1 or sdss.
    region
        Where.
    cache
        Folder of the answers, Parquet files named by catalogue and region.
    query
        Who to ask; by default astroquery (the optional dependency ``fetch``).

    Raises
    ------
    ConfigError
        Unknown catalogue, or astroquery is not installed.
    """
    path = Path(cache) / cache_name(flavour, region)
    if path.exists():
        return path
    columns = (query or _archive(flavour))(region)
    with replacing(path) as temporary:
        pq.write_table(pa.table({n: np.ascontiguousarray(v) for n, v in columns.items()}), temporary)
    return path


def cache_name(flavour: str, region: Region) -> str:
    """File name of an answer: catalogue, centre and radius to 0.4 arcsec."""
    ra, dec, radius = (np.rad2deg(v) for v in (region.ra, region.dec, region.radius))
    return f"{flavour}_{ra:.4f}_{dec:+.4f}_{radius:.4f}.parquet"


def _archive(flavour: str) -> Query:
    try:
        import astroquery  # noqa: F401
    except ImportError:
        raise ConfigError("fetching needs astroquery: pip install 'gnomon[fetch]'") from None
    if flavour in ("gaia_dr2", "gaia_dr3"):
        return lambda region: _gaia(flavour.replace("_", ""), region)
    if flavour in _VIZIER:
        return lambda region: _vizier(*_VIZIER[flavour], region)
    raise ConfigError(f"{flavour} is none of gaia_dr2, gaia_dr3, {', '.join(_VIZIER)}")


def _gaia(release: str, region: Region) -> Columns:
    from astroquery.gaia import Gaia

    ra, dec, radius = (float(np.rad2deg(v)) for v in (region.ra, region.dec, region.radius))
    names = "source_id, ra, dec, ra_error, dec_error, pmra, pmdec, pmra_error, pmdec_error, parallax, "
    names += "parallax_error, ref_epoch, phot_g_mean_mag, phot_bp_mean_mag, phot_rp_mean_mag"
    where = f"1 = CONTAINS(POINT(ra, dec), CIRCLE({ra}, {dec}, {radius}))"
    job = Gaia.launch_job_async(f"SELECT {names} FROM {release}.gaia_source WHERE {where}")
    return _plain(job.get_results(), {n.strip(): n.strip() for n in names.split(",")})


def _vizier(table: str, columns: Mapping[str, str], region: Region) -> Columns:
    from astropy import units
    from astropy.coordinates import SkyCoord
    from astroquery.vizier import Vizier

    server = Vizier(columns=list(columns), row_limit=-1)
    centre = SkyCoord(region.ra * units.rad, region.dec * units.rad)
    found = server.query_region(centre, radius=region.radius * units.rad, catalog=table)
    if not found:
        return {name: np.empty(0) for name in columns.values()}
    return _plain(found[0], columns)


def _plain(
    table: Mapping[str, npt.NDArray[np.generic]], columns: Mapping[str, str]
) -> dict[str, npt.NDArray[np.generic]]:
    """Masked columns with NaN, under the names that the flavour knows."""
    result: dict[str, npt.NDArray[np.generic]] = {}
    for theirs, ours in columns.items():
        values = np.ma.asarray(table[theirs])
        integer = values.dtype.kind in "iu"
        result[ours] = np.ma.filled(values, 0) if integer else np.ma.filled(values.astype(np.float64), np.nan)
    return result
