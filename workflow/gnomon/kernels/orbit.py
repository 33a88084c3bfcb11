"""Batched motion of massless bodies among moving masses: order-15 Gauss-Radau collocation on fixed steps."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import numpy as np
import numpy.typing as npt

from gnomon.kernels import _orbit

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]

# Gauss-Radau spacings of order 15 (Everhart 1985, table; Rein & Spiegel 2015).
NODES = (
    "0",
    "0.0562625605369221464656521910318",
    "0.180240691736892364987579942780",
    "0.352624717113169637373907769648",
    "0.547153626330555383001448554766",
    "0.734210177215410531523210605558",
    "0.885320946839095768090359771030",
    "0.977520613561287501891174488626",
)


@dataclass(frozen=True, slots=True)
class Collocation:
    """Weights over the 8 nodal accelerations of a step, in units of the step."""

    node: F8
    """(8,) places of the nodes in [0, 1)."""
    velocity: F8
    """(9, 8) integral of the interpolating polynomial from 0 to each node and to 1."""
    position: F8
    """(9, 8) its double integral."""
    predict: F8
    """(8, 8) the polynomial at the nodes of the next step."""
    monomial: F8
    """(8, 8) row k gives the coefficient of s^k."""


@cache
def collocation() -> Collocation:
    """The weights, computed in exact fractions from `NODES`."""
    s = [Fraction(text) for text in NODES]
    c = [
        _lagrange(s, i) for i in range(len(s))
    ]  # c[i][k]: coefficient of s^k in the i-th Lagrange polynomial
    ends, orders = [*s, Fraction(1)], range(len(s))
    velocity = [[sum(p[k] * e ** (k + 1) / (k + 1) for k in orders) for p in c] for e in ends]
    position = [[sum(p[k] * e ** (k + 2) / ((k + 1) * (k + 2)) for k in orders) for p in c] for e in ends]
    predict = [[sum(p[k] * (1 + e) ** k for k in orders) for p in c] for e in s]
    monomial = [[p[k] for p in c] for k in orders]
    return Collocation(*(np.array(m, np.float64) for m in (s, velocity, position, predict, monomial)))


def integrate(
    state: F8, exclude: I8, mass_position: F8, sun_velocity: F8, gm: F8, step: float
) -> tuple[F8, F8, F8]:
    """Integrate n objects over nstep fixed steps.

    Parameters
    ----------
    state : (n, 6) float64, barycentric position au and velocity au/day at the start
    exclude : (n,) int64, index of the mass that is the object itself, or -1
    mass_position : (nstep, 8, nbody, 3) float64, au, the masses at the nodes of each step; the Sun first
    sun_velocity : (nstep, 8, 3) float64, au/day
    gm : (nbody,) float64, au^3/day^2
    step : days, negative to go backwards

    Returns
    -------
    dense : (nstep, ceil(n / 4), 30, 4) float64, for `evaluate`
    final : (n, 6) float64, state after the last step
    roughness : (n,) float64, size of the highest polynomial term (or lack of convergence) against the
        acceleration, the largest of all steps; above 1e-3 the step is too long

    Raises
    ------
    ValueError
        Shapes do not fit.

    Newtonian point masses and the 1PN term of the Sun (Moyer 2000, eq. 4-26); Everhart (1985). Cost about 1
    us per object and step with 27 masses.
    """
    w = collocation()
    weights = (w.node, w.velocity, w.position, w.predict, w.monomial)
    dense, final, roughness = _orbit.integrate(
        state, exclude, *weights, mass_position, sun_velocity, gm, step
    )
    return dense, final, roughness


def evaluate(dense: F8, step: float, index: I8, elapsed: F8) -> F8:
    """Position, velocity and acceleration (m, 9) of object ``index`` at ``elapsed`` days after the start.

    Parameters are those of `integrate`; ``index`` (m,) int64, ``elapsed`` (m,) float64. Times outside the
    integrated span are extrapolated from its first or last step.

    Raises
    ------
    ValueError
        Shapes do not fit or an index is out of range.
    """
    values: F8 = _orbit.evaluate(dense, step, collocation().monomial, index, elapsed)
    return values


def _lagrange(s: list[Fraction], i: int) -> list[Fraction]:
    """Coefficients, lowest first, of the polynomial that is 1 at s[i] and 0 at the other nodes."""
    poly = [Fraction(1)]
    for j, root in enumerate(s):
        if j != i:
            shifted = [Fraction(0), *poly]
            poly = [
                (a - root * b) / (s[i] - root) for a, b in zip(shifted, [*poly, Fraction(0)], strict=True)
            ]
    return poly
