"""The joint fits on growing surveys: ``python tests/bench/joint_scale.py photometry 100 300 1000``.

A survey of constant depth grows in area: visits of 3 x 3 detectors fall at random on a square, each star is seen
about ten times, one in five is in a catalogue. Words: ``photometry`` or ``astrometry``, then numbers of visits.
Prints sizes, steps of conjugate gradients, CPU seconds, memory, and the error of what came out against the truth.
Each size runs in a process of its own, so that its peak memory is its own.
"""

import argparse
import resource
import subprocess
import sys
import time
from functools import partial

import numpy as np

from gnomon.algorithms.astrometry.joint import JointAstrometryOptions, fit_joint_astrometry
from gnomon.algorithms.photometry.joint import JointFluxes, fit_joint_photometry
from gnomon.containers.joint import JointExposure, JointSources, JointStars
from gnomon.containers.wcs import Wcs, plane_to_sky

ARCSEC = np.pi / 180 / 3600
MAS = ARCSEC / 1000
SIDE = 3 * 1500  # pixels of a visit of 3 x 3 detectors
PER_STAR, PER_DETECTOR = 10, 200
KNOWN = 0.2


def seen(visits, rng):
    """Stars on the square (pixels), and visit, detector, star, place in the visit (-1 to 1) of every detection."""
    side = SIDE * np.sqrt(visits / PER_STAR)
    stars = int(9 * PER_DETECTOR * visits / PER_STAR)
    place = rng.uniform(0, side, (stars, 2))
    place = place[np.argsort(place[:, 0])]
    rows = []
    for v in range(visits):
        corner = rng.uniform(-SIDE / 2, side - SIDE / 2, 2)
        low, high = np.searchsorted(place[:, 0], [corner[0], corner[0] + SIDE])
        near = np.arange(low, high)
        near = near[(place[near, 1] > corner[1]) & (place[near, 1] < corner[1] + SIDE)]
        inside = (place[near] - corner) / SIDE
        detector = (inside[:, 0] * 3).astype(int) + 3 * (inside[:, 1] * 3).astype(int)
        rows.append((np.full(len(near), v), detector, near, 2 * inside - 1))
    return place, side, *(np.concatenate(c) for c in zip(*rows, strict=True))


def photometry(visits):
    rng = np.random.default_rng(1)
    place, _, visit, detector, star, focal = seen(visits, rng)
    n, stars = len(visit), len(place)
    mag, colour = rng.uniform(17, 21, stars), rng.normal(0.7, 0.4, stars)
    zero, airmass = 28 + rng.normal(0, 0.15, visits), rng.uniform(1, 1.8, visits)
    pixel = 2 * ((focal + 1) * 1.5 % 1) - 1
    flat, offset = rng.normal(0, 0.01, (9, 2)), rng.normal(0, 0.02, 9)
    slope, term = rng.normal(0, 0.01, (visits, 2)), rng.normal(0.03, 0.01, 9)
    truth = (
        zero[visit] + np.sum(slope[visit] * focal, 1) + np.sum(flat[detector] * pixel, 1) + offset[detector]
    )
    truth += -0.1 * (airmass[visit] - 1) + term[detector] * (colour[star] - 0.6)
    error = 0.004 * 10 ** (0.2 * (mag[star] - 18))
    known = np.where(rng.random(stars) < KNOWN, mag + rng.normal(0, 0.01, stars), np.nan)
    measured = mag[star] - truth + error * rng.standard_normal(n)
    fluxes = JointFluxes(
        visit, detector, star, measured, error, pixel, focal, airmass[visit], colour, known, np.full(stars, 0.01), zero
    )  # fmt: skip
    start = time.process_time()
    found = fit_joint_photometry(fluxes)
    spent = time.process_time() - start
    made = found.correction(visit, detector, pixel, focal, airmass[visit], colour[star])
    count = found.zero_point.size + found.cloud.size + found.detector.size + 10
    return n, stars, count, found.iterations, spent, f"{1e3 * np.std(made - truth):.2f} mmag"


def astrometry(visits, turbulence=True):
    rng = np.random.default_rng(1)
    place, side, visit, detector, star, focal = seen(visits, rng)
    stars, scale = len(place), 0.2 * ARCSEC
    plane = (place - side / 2) * scale
    ra, dec = plane_to_sky(*plane.T, (1.0, -0.5))
    camera = rng.normal(0, 0.1, (9, 2))
    exposures, x, y = [], np.empty(len(visit)), np.empty(len(visit))
    bounds = np.searchsorted(visit, np.arange(visits + 1))
    for v in range(visits):
        rows = np.arange(bounds[v], bounds[v + 1])
        corner = place[star[rows[0]]] - (focal[rows[0]] + 1) * SIDE / 2  # of the visit, pixels
        pointing = plane_to_sky(*((corner + SIDE / 2 - side / 2) * scale), (1.0, -0.5))
        cd, none = scale * np.eye(2), np.zeros((1, 1))
        for d in range(9):
            at = SIDE / 2 - 1500.0 * np.array([d % 3, d // 3])
            wcs = Wcs(tuple(map(float, pointing)), (float(at[0]), float(at[1])), cd, none, none)
            mine = rows[detector[rows] == d]
            x[mine], y[mine] = wcs.sky_to_pixel(ra[star[mine]], dec[star[mine]])
            exposures.append(JointExposure(v, d, wcs, (1500, 1500), 60000.0 + v))
    shift = rng.normal(0, 1.0, (visits, 2))
    error = 0.01 * np.exp(0.6 * rng.exponential(1.0, stars))[star]
    x += camera[detector, 0] + shift[visit, 0] + error * rng.standard_normal(len(x))
    y += camera[detector, 1] + shift[visit, 1] + error * rng.standard_normal(len(y))
    known = rng.random(stars) < KNOWN
    sigma = np.where(known, 0.5 * MAS, np.inf)
    wrong = rng.normal(0, 1, (2, stars)) * np.where(known, 0.5, 20.0) * MAS
    zero = np.zeros(stars)
    given = JointStars(
        ra + wrong[0] / np.cos(dec), dec + wrong[1], sigma, zero, zero, np.where(known, 0.2, 6.0), zero,
        zero + 60000.0, zero,
    )  # fmt: skip
    sources = JointSources(visit * 9 + detector, star, x, y, error)
    start = time.process_time()
    options = JointAstrometryOptions(camera_degree=3, visit_degree=2, turbulence=turbulence)
    found = fit_joint_astrometry(exposures, sources, given, options)
    spent = time.process_time() - start
    often = np.bincount(star, minlength=stars) >= 5
    off = np.hypot((found.ra - ra) * np.cos(dec), found.dec - dec)[often] / MAS
    count = 9 * 20 + visits * 14
    return len(visit), stars, count, found.iterations, spent, f"{np.median(off):.2f} mas"


KINDS = {"photometry": photometry, "astrometry": astrometry, "still": partial(astrometry, turbulence=False)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("visits", type=int, nargs="+")
    args = parser.parse_args()
    if len(args.visits) > 1:
        print("exposures   stars detections parameters steps  CPU_s us/detection   MB  error", flush=True)
        for v in args.visits:
            subprocess.run([sys.executable, __file__, args.kind, str(v)], check=True)
        return
    n, stars, count, steps, spent, error = KINDS[args.kind](args.visits[0])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sizes = f"{9 * args.visits[0]:9d} {stars:7d} {n:10d} {count:10d} {steps:5d}"
    print(f"{sizes} {spent:6.1f} {1e6 * spent / n:12.1f} {peak:4.0f}  {error}")


if __name__ == "__main__":
    main()
