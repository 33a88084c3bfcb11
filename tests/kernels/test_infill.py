import numpy as np
import pytest

from gnomon.kernels.infill import fill_bad


def slow_fill(flux, bad, length, nugget, reach):
    """Ordinary kriging from its textbook system with a Lagrange multiplier."""
    out, (ny, nx) = flux.astype(float), flux.shape
    offsets = [(dy, dx) for dy in range(-reach, reach + 1) for dx in range(-reach, reach + 1) if dy or dx]
    offsets.sort(key=lambda o: o[0] ** 2 + o[1] ** 2)
    for y, x in np.argwhere(bad):
        near = []
        for dy, dx in offsets:
            if len(near) == 24 or (len(near) >= 8 and dy**2 + dx**2 > 8):
                break
            if 0 <= y + dy < ny and 0 <= x + dx < nx and not bad[y + dy, x + dx]:
                near.append((y + dy, x + dx))
        p = np.array(near)
        distance2 = ((p[:, None] - p) ** 2).sum(-1)
        n = len(p)
        system = np.ones((n + 1, n + 1))
        system[:n, :n] = np.exp(-distance2 / 2 / length**2) + nugget * np.eye(n)
        system[n, n] = 0
        right = np.append(np.exp(-((p - (y, x)) ** 2).sum(-1) / 2 / length**2), 1)
        out[y, x] = np.linalg.solve(system, right)[:n] @ flux[p[:, 0], p[:, 1]]
    return out


def test_equals_the_textbook_system():
    rng = np.random.default_rng(5)
    flux = rng.normal(size=(20, 24)).astype(np.float32)
    bad = (rng.random(flux.shape) < 0.1).astype(np.uint8)
    bad[:, 12] = 1
    filled = flux.copy()
    fill_bad(filled, np.ones_like(flux), bad, 2.1, 0.02, 6, 0.0)
    # systems of 25 equations with condition number ~1e3 in double, answers rounded to float32
    np.testing.assert_allclose(filled, slow_fill(flux, bad, 2.1, 0.02, 6), atol=2e-6)


def test_a_flat_field_stays_flat_and_deep_holes_take_the_fallback():
    flux = np.full((80, 80), 7.0, np.float32)
    bad = np.zeros(flux.shape, np.uint8)
    bad[10:60, 10:60] = 1
    flux[bad == 1] = np.nan
    filled, variance = flux, np.full_like(flux, 2)
    fill_bad(filled, variance, bad, 1.5, 0.02, 5, 3.0)
    np.testing.assert_allclose(filled[10:15, 10:60], 7.0, rtol=1e-6)
    assert (filled[20:50, 20:50] == 3.0).all()
    assert (variance[20:50, 20:50] == 0).all()
    assert (variance[10:15, 10:15] == 2).all()


def test_refuses_planes_of_two_shapes():
    flux = np.ones((4, 4), np.float32)
    with pytest.raises(ValueError, match="differ in shape"):
        fill_bad(flux, flux[:2].copy(), np.zeros((4, 4), np.uint8), 1.0, 0.1, 3, 0.0)
