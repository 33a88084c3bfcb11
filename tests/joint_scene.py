"""A made-up survey as the tables that the joint fits read."""

import numpy as np

from algorithms.astrometry.survey import ARCSEC
from gnomon.algorithms.joint.gather import ExposureFacts
from gnomon.containers.catalog import Catalog
from gnomon.containers.wcs import wcs_to_text
from steps.summaries import rows


def tables(survey, rng):
    """(star, source, facts, reference) as the campaign would have them."""
    s, n = survey.sources, len(survey.stars)
    name = rng.permutation(n).astype(np.int64) + 1000
    ra, dec, visit, detector, mjd = (np.empty(len(s)) for _ in range(5))
    facts = {}
    for k, e in enumerate(survey.exposures):
        rows = s.exposure == k
        ra[rows], dec[rows] = e.wcs.pixel_to_sky(s.x[rows], s.y[rows])
        visit[rows], detector[rows], mjd[rows] = 2000 + e.visit, 10 + e.detector, e.mjd_tai
        facts[2000 + e.visit, 10 + e.detector] = ExposureFacts(e.wcs, e.shape, e.mjd_tai, 1.2)
    mag = rng.uniform(17, 20, n)
    flux = (
        10 ** (0.4 * (31.4 - mag[s.star])) * (1 + 0.02 * (visit - 2004)) * (1 + rng.normal(0, 0.002, len(s)))
    )
    error = np.rad2deg(s.error * 0.2 * ARCSEC)
    source = {
        "isolatedStarId": name[s.star],
        "visit": visit.astype(int),
        "detector": detector.astype(np.int16),
    }
    source |= {"midpointMjdTai": mjd, "coord_raErr": error, "coord_decErr": error, "x": s.x, "y": s.y}
    source |= {"psfFlux": flux, "psfFluxErr": 0.002 * flux, "band": np.full(len(s), "r", object)}
    seen = np.bincount(s.star, minlength=n) > 0
    mean = [
        np.bincount(s.star, v, minlength=n)[seen] / np.bincount(s.star, minlength=n)[seen] for v in (ra, dec)
    ]
    star = {"isolatedStarId": name[seen], "coord_ra": np.rad2deg(mean[0]), "coord_dec": np.rad2deg(mean[1])}
    known = np.flatnonzero(np.isfinite(survey.stars.error))
    t = survey.stars
    reference = {"coord_ra": t.ra, "coord_dec": t.dec, "raErr": t.error, "decErr": t.error, "pmRA": t.pm_ra}
    reference |= {
        "pmDec": t.pm_dec,
        "pmRAErr": t.pm_error,
        "pmDecErr": t.pm_error,
        "parallax": np.full(n, np.nan),
    }
    reference |= {"epoch": t.epoch, "flux_r": 10 ** (0.4 * (31.4 - mag))}
    reference |= {"flux_g": reference["flux_r"] * 0.6, "fluxErr_g": 0 * mag + 1, "fluxErr_r": 0.01 * mag}
    return (
        Catalog(star),
        Catalog(source),
        facts,
        Catalog(reference).take(known),
        dict(zip(name, mag, strict=True)),
    )


def summaries(facts, band="r"):
    """Visit summaries of the exposures, as far as the joint fits read them."""
    tables = []
    for visit in sorted({v for v, _ in facts}):
        mine = [(d, f) for (v, d), f in sorted(facts.items()) if v == visit]
        given = {
            "visit": [visit] * len(mine),
            "detector": [d for d, _ in mine],
            "band": np.full(len(mine), band, object),
            "wcs": np.array([wcs_to_text(f.wcs) for _, f in mine], object),
            "nx": [f.shape[1] for _, f in mine],
            "ny": [f.shape[0] for _, f in mine],
            "midpointMjdTai": [f.mjd_tai for _, f in mine],
            "airmass": [f.airmass for _, f in mine],
            "zeroPoint": [f.zero_point for _, f in mine],
        }
        tables.append(Catalog(rows("visit_summary", len(mine), **given)))
    return tables
