"""Linking of 13 nights of an LSST cadence: 10,000 objects, 18,988 detections with truth (sorcha)."""

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest

from gnomon.algorithms.linking.candidates import LinkOptions
from gnomon.algorithms.linking.hypotheses import hypothesis_grid
from gnomon.algorithms.linking.link import link_tracklets
from gnomon.algorithms.linking.tracklets import find_tracklets
from gnomon.algorithms.orbit.observer import observer_state
from gnomon.containers.orbit import Astrometry
from gnomon.io.earth_rotation import shipped_earth_rotation
from gnomon.io.perturbers import shipped_perturbers

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "orbits" / "linking"
SITE = (np.deg2rad(289.25058), 0.864981, -0.500958)
# The file states 36 mas for every detection; the scatter about fitted orbits is up to three times that for
# faint ones.
SIGMA = np.deg2rad(0.1 / 3600)

pytestmark = [
    pytest.mark.science,
    pytest.mark.skipif(not DATA.is_dir(), reason="no shared/data/orbits/linking beside the project"),
]


def detections():
    with gzip.open(DATA / "lsst13n_10kobj_dets.csv.gz", "rt") as stream:
        rows = list(csv.DictReader(stream))
    mjd, ra, dec = (np.array([float(r[c]) for r in rows]) for c in ("FieldMJD", "ra", "dec"))
    observer = observer_state(shipped_perturbers(), mjd, SITE, shipped_earth_rotation())
    errors = np.full((len(mjd), 2), SIGMA)
    return np.array([r["ObjID"] for r in rows]), Astrometry(
        mjd, np.deg2rad(ra), np.deg2rad(dec), errors, *observer
    )


def linkable(name, tracklets):
    """Objects with a tracklet of their own in three nights or more."""
    bounds = zip(tracklets.start, tracklets.start[1:], strict=False)
    owners = [set(name[tracklets.member[a:b]]) for a, b in bounds]
    pure = np.array([o.pop() if len(o) == 1 else "" for o in owners])
    return {o for o in np.unique(pure) if o and len(set(tracklets.night[pure == o])) >= 3}


def test_linking_reaches_the_published_completeness_without_a_false_orbit():
    name, measured = detections()
    night = np.floor(measured.mjd_tai - 0.66).astype(int)
    small = np.full(len(measured), np.deg2rad(0.036 / 3600))
    tracklets = find_tracklets(measured.mjd_tai, measured.ra, measured.dec, small, night)
    epoch = float(np.floor(np.median(measured.mjd_tai)))
    grid = hypothesis_grid(0.02)
    links = link_tracklets(
        shipped_perturbers(), tracklets, measured, epoch, grid, LinkOptions(chi2_limit=4.0)
    )
    found = [set(name[links.detection[a:b]]) for a, b in zip(links.start, links.start[1:], strict=False)]
    assert all(len(f) == 1 for f in found)
    done, wanted = set().union(*found), linkable(name, tracklets)
    # heliolinx on the same file: 100, 95 and 90 %
    for kind, least in (("M", 0.999), ("N", 0.97), ("T", 0.98)):
        of = {o for o in wanted if o.startswith(kind)}
        assert len(done & of) >= least * len(of), kind
