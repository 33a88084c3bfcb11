import numpy as np
import pytest

from gnomon.algorithms.orbit.elements import GM_SUN, cometary_to_cartesian
from gnomon.kernels.orbit import collocation, evaluate, integrate

NOBODY = np.full(1, -1, np.int64)


def sun_at_rest(nstep):
    """A Sun alone, at the origin."""
    return np.zeros((nstep, 8, 1, 3)), np.zeros((nstep, 8, 3)), np.array([GM_SUN])


def circular(r=2.5):
    return np.array([[r, 0, 0, 0, np.sqrt(GM_SUN / r), 0.0]])


def twin(state, nodes, weights, masses, gm, step):
    """One step of the collocation method for one object, Newtonian, in plain loops."""
    x0, v0 = state[:3], state[3:]
    a = np.zeros((8, 3))
    for _ in range(30):
        for j in range(8):
            x = x0 + step * nodes[j] * v0 + step**2 * weights.position[j] @ a
            away = masses[j] - x
            a[j] = sum(g * d / np.linalg.norm(d) ** 3 for g, d in zip(gm, away, strict=True))
    x = x0 + step * v0 + step**2 * weights.position[8] @ a
    return np.concatenate([x, v0 + step * weights.velocity[8] @ a])


def test_weights_integrate_polynomials_exactly():
    w = collocation()
    ends = np.append(w.node, 1.0)
    for k in range(8):
        # exact up to the rounding of weights whose size is at most 2
        np.testing.assert_allclose(w.velocity @ w.node**k, ends ** (k + 1) / (k + 1), atol=1e-14)
        np.testing.assert_allclose(w.position @ w.node**k, ends ** (k + 2) / ((k + 1) * (k + 2)), atol=1e-14)


def test_kernel_equals_the_plain_loops():
    rng = np.random.default_rng(1)
    masses = np.cumsum(rng.normal(0, 1e-3, (1, 8, 3, 3)), axis=1) + np.array(
        [[0, 0, 0], [5, 1, 0], [-3, 4, 1.0]]
    )
    gm = np.array([GM_SUN, 1e-7, 1e-8])
    _, final, _ = integrate(circular(), NOBODY, masses, np.zeros((1, 8, 3)), gm, 8.0)
    expected = twin(circular()[0], collocation().node, collocation(), masses[0], gm, 8.0)
    # the kernel adds the 1PN term of the Sun: 3 GM / c^2 r of the attraction, over 8 days
    relativity = 4 * GM_SUN / (173.1446**2 * 2.5) * GM_SUN / 2.5**2 * 8.0**2
    np.testing.assert_allclose(final[0], expected, atol=relativity)
    assert np.abs(final[0] - expected).max() > relativity / 100  # and it is there


def test_perihelion_of_mercury_advances_by_43_arcsec_a_century():
    a, e = 0.38709893, 0.20563069
    start = cometary_to_cartesian([[a * (1 - e), e, 0.0, 0.0, 0.0, 0.0]], [0.0])
    days, step = 36525.0, 1.0
    nstep = int(days / step)
    _, final, _ = integrate(start, NOBODY, *sun_at_rest(nstep), step)
    x, v = final[0, :3], final[0, 3:]
    vector = np.cross(v, np.cross(x, v)) / GM_SUN - x / np.linalg.norm(x)
    first = np.cross(start[0, 3:], np.cross(start[0, :3], start[0, 3:])) / GM_SUN - start[
        0, :3
    ] / np.linalg.norm(start[0, :3])
    turn = np.arctan2(np.cross(first, vector) @ np.cross(start[0, :3], start[0, 3:]), first @ vector)
    momentum = np.linalg.norm(np.cross(start[0, :3], start[0, 3:]))
    # the osculating ellipse breathes by 3 GM / (c^2 p e) = 0.08" within a revolution
    assert np.rad2deg(turn / momentum) * 3600 == pytest.approx(42.98, abs=0.1)


def test_forward_and_back_is_where_it_began():
    start = circular(1.3)
    _, out, _ = integrate(start, NOBODY, *sun_at_rest(40), 8.0)
    _, back, _ = integrate(out, NOBODY, *sun_at_rest(40), -8.0)
    np.testing.assert_allclose(back, start, atol=2e-14)  # rounding of 80 steps


def test_dense_output_meets_the_steps_and_is_smooth():
    dense, final, _ = integrate(circular(1.0), NOBODY, *sun_at_rest(6), 8.0)
    times = np.array([0.0, 8.0 - 1e-9, 8.0 + 1e-9, 48.0])
    values = evaluate(dense, 8.0, np.zeros(4, np.int64), times)
    np.testing.assert_allclose(values[0, :6], circular(1.0)[0], atol=1e-16)
    np.testing.assert_allclose(values[1], values[2], atol=1e-10)
    np.testing.assert_allclose(values[3, :6], final[0], atol=1e-15)


def test_result_is_the_same_in_any_company():
    rng = np.random.default_rng(2)
    states = circular()[[0] * 11] * rng.normal(1, 0.05, (11, 6))
    none = np.full(11, -1, np.int64)
    _, together, _ = integrate(states, none, *sun_at_rest(5), 8.0)
    alone = [integrate(states[[k]], NOBODY, *sun_at_rest(5), 8.0)[1][0] for k in range(11)]
    np.testing.assert_array_equal(together, alone)


def test_a_mass_does_not_attract_itself():
    masses, sun, _ = sun_at_rest(3)
    body = circular()[0, :3] + np.zeros((3, 8, 1, 3))
    with_body = np.concatenate([masses, body], axis=2), sun, np.array([GM_SUN, 1e-9])
    _, without, _ = integrate(circular(), NOBODY, masses, sun, np.array([GM_SUN]), 8.0)
    _, excluded, _ = integrate(circular(), np.array([1]), *with_body, 8.0)
    np.testing.assert_array_equal(excluded, without)


def test_roughness_tells_a_step_that_is_too_long():
    tight = cometary_to_cartesian([[0.05, 0.9, 0.0, 0.0, 0.0, 10.0]], [0.0])
    *_, rough = integrate(tight, NOBODY, *sun_at_rest(3), 8.0)
    *_, smooth = integrate(circular(), NOBODY, *sun_at_rest(3), 8.0)
    assert rough[0] > 1e-2 > 1e-6 > smooth[0]


@pytest.mark.parametrize(
    "state, exclude",
    [
        (np.zeros((2, 5)), np.zeros(2, np.int64)),
        (np.zeros((2, 6)), np.zeros(3, np.int64)),
        (np.zeros((0, 6)), np.zeros(0, np.int64)),
    ],
)
def test_wrong_shapes_are_refused(state, exclude):
    with pytest.raises(ValueError):
        integrate(state, exclude, *sun_at_rest(1), 8.0)


def test_an_index_out_of_range_is_refused():
    dense, *_ = integrate(circular(), NOBODY, *sun_at_rest(1), 8.0)
    with pytest.raises(ValueError, match="out of range"):
        evaluate(dense, 8.0, np.array([4]), np.zeros(1))
