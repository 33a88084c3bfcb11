"""``python tests/bench/psf_limit.py``: what the photons of the benchmark's stars tell of the PSF, whoever fits it.

Fisher information of each star's pixels (Poisson noise, sky, read noise) about e1, e2 and ln T of the true profile,
with flux, place and sky free; then of six polynomial terms in position by all stars, at the places of the benchmark.
"""

import sys
from pathlib import Path

import detector
import galsim
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2] / "workflow"))
from bench_psf import SIDE, places, sources_of
from scipy.spatial import cKDTree

from gnomon.algorithms.visit.characterise import select_rows
from gnomon.containers.psf import polynomial_terms

SCENE = Path(__file__).parents[2] / "build" / "bench" / "struck"
SKY, STEP, DEGREE = 1480.0, 0.01, 2
FLUXES = np.geomspace(5e2, 4e6, 60)


def stamp(g1=0.0, g2=0.0, grow=0.0, dx=0.0, dy=0.0):
    """The profile at the middle of the detector, sheared, grown or moved."""
    star = galsim.Kolmogorov(fwhm=3.5 * (1 + grow)).shear(g1=g1, g2=g2)
    return star.drawImage(nx=SIDE, ny=SIDE, scale=1, offset=(dx, dy)).array.astype(float)


def shape(pixels):
    """e1, e2, ln T by adaptive moments."""
    m = galsim.hsm.FindAdaptiveMom(galsim.Image(pixels))
    return np.array([m.observed_e1, m.observed_e2, 2 * np.log(m.moments_sigma)])


def slopes():
    """(3, SIDE, SIDE) changes of the profile for a unit of e1, e2 and ln T; they do not mix."""
    pairs = [[stamp(**{name: s * STEP}) for s in (1, -1)] for name in ("g1", "g2", "grow")]
    return np.array([(a - b) / (shape(a) - shape(b))[k] for k, (a, b) in enumerate(pairs)])


def errors(flux):
    """(3,) least standard errors of e1, e2 and ln T of a star of so many electrons."""
    profile, h = stamp(), 0.05
    moved = [(stamp(**{n: h}) - stamp(**{n: -h})) / (2 * h) for n in ("dx", "dy")]
    free = [profile, *(flux * m for m in moved), np.ones_like(profile), *(flux * s for s in slopes())]
    design = np.reshape(free, (7, -1))
    weight = 1 / (flux * profile + SKY + detector.READ_NOISE**2).ravel()
    return np.sqrt(np.diag(np.linalg.inv((design * weight) @ design.T))[4:])


def scatter(x, y, flux, table):
    """(3,) rms over the places, their mean taken out, of e1, e2 and ln T known by all these stars."""
    half = detector.SIZE / 2
    terms, at = (polynomial_terms(tuple((v - half) / half for v in xy), DEGREE) for xy in ((x, y), places()))
    out = []
    for error in table.T:
        each = np.exp(np.interp(np.log(flux), np.log(FLUXES), np.log(error)))
        covariance = at @ np.linalg.inv((terms / each[:, None] ** 2).T @ terms) @ at.T
        out.append(np.sqrt(np.trace(covariance) / len(at) - covariance.mean()))
    return np.array(out)


def main():
    """Prints the limits for the stars of the fit, with the reserve stars, and for all stars of the scene."""
    truth = np.load(SCENE / "truth.npz")
    x, y, flux = (truth[n][truth["star"]] for n in ("x", "y", "flux"))
    image, sources = sources_of(SCENE)
    rows = select_rows(sources, 50.0)
    table = np.array([errors(f) for f in FLUXES])
    near = [cKDTree(np.c_[x, y]).query(np.c_[sources["x"][r], sources["y"][r]])[1] for r in rows]
    for name, stars in (
        ("in the fit", near[0]),
        ("and reserve", np.concatenate(near)),
        ("all", np.arange(len(x))),
    ):
        e1, e2, size = scatter(x[stars], y[stars], flux[stars], table)
        print(f"{name:12s} {len(stars):5d} stars: rms e1 {e1:.2e}, e2 {e2:.2e}, dT/T {size:.2e}")


if __name__ == "__main__":
    main()
