import numpy as np
import pytest

from gnomon.algorithms.orbit.elements import (
    GM_SUN,
    cartesian_to_cometary,
    cartesian_to_keplerian,
    cometary_to_cartesian,
    ecliptic_to_icrf,
    icrf_to_ecliptic,
    keplerian_to_cartesian,
)  # fmt: skip

N = 2000
ECCENTRICITIES = {
    "ellipses": lambda rng: rng.uniform(0, 0.99, N),
    "near parabola": lambda rng: 1 + rng.choice([-1, 1], N) * 10 ** rng.uniform(-12, -2, N),
    "parabolas": lambda rng: np.ones(N),
    "hyperbolas": lambda rng: rng.uniform(1, 6, N),
}


def drawn(kind):
    rng = np.random.default_rng(5)
    e = ECCENTRICITIES[kind](rng)
    angles = [rng.uniform(0.01, 3.1, N), rng.uniform(0, 6.28, N), rng.uniform(0, 6.28, N)]
    return np.stack([10 ** rng.uniform(-1, 1.5, N), e, *angles, rng.uniform(-3000, 3000, N)], axis=-1)


@pytest.mark.parametrize("kind", ECCENTRICITIES)
def test_state_round_trip(kind):
    elements = drawn(kind)
    state = cometary_to_cartesian(elements, np.zeros(N))
    again = cometary_to_cartesian(cartesian_to_cometary(state, np.zeros(N)), np.zeros(N))
    size = np.linalg.norm(state[:, :3], axis=1)[:, None]
    # conditioning of the far ends of near-parabolic orbits: 1e3 times rounding
    assert (np.abs(again - state) / size).max() < 1e-12


@pytest.mark.parametrize("kind", ECCENTRICITIES)
def test_energy_and_momentum_are_those_of_the_elements(kind):
    elements = drawn(kind)
    state = cometary_to_cartesian(elements, np.zeros(N))
    x, v = state[:, :3], state[:, 3:]
    energy = np.sum(v * v, axis=1) / 2 - GM_SUN / np.linalg.norm(x, axis=1)
    np.testing.assert_allclose(energy / GM_SUN, -(1 - elements[:, 1]) / elements[:, 0] / 2, atol=1e-13)
    momentum = np.linalg.norm(np.cross(x, v), axis=1)
    np.testing.assert_allclose(momentum, np.sqrt(GM_SUN * elements[:, 0] * (1 + elements[:, 1])), rtol=1e-11)


def test_velocity_is_the_derivative_of_position():
    elements, h = drawn("ellipses"), 1e-3
    ahead, behind = (cometary_to_cartesian(elements, np.full(N, t)) for t in (h, -h))
    state = cometary_to_cartesian(elements, np.zeros(N))
    slope = (ahead - behind)[:, :3] / (2 * h)
    # error of the difference: h^2 / 6 times the jerk, at most 1e-6 * GM v / q^3 for q > 0.1
    np.testing.assert_allclose(slope, state[:, 3:], atol=1e-7)


def test_keplerian_round_trip():
    rng = np.random.default_rng(6)
    wanted = np.stack(
        [rng.uniform(0.5, 50, N), rng.uniform(0, 0.97, N), *(rng.uniform(0.01, 3.1, N) for _ in range(4))],
        axis=-1,
    )
    np.testing.assert_allclose(
        cartesian_to_keplerian(keplerian_to_cartesian(wanted)), wanted, rtol=1e-7, atol=1e-7
    )


def test_ecliptic_pole_is_where_the_convention_puts_it():
    pole = ecliptic_to_icrf([0, 0, 1.0])
    assert np.rad2deg(np.arcsin(pole[2])) == pytest.approx(90 - 84381.448 / 3600, abs=1e-12)
    np.testing.assert_allclose(icrf_to_ecliptic(pole), [0, 0, 1], atol=1e-16)


def test_open_orbits_are_refused_as_keplerian():
    with pytest.raises(ValueError, match="cometary"):
        keplerian_to_cartesian([[-2.0, 1.2, 0.1, 0.2, 0.3, 0.0]])
