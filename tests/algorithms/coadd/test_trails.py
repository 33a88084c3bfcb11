import numpy as np

from gnomon.algorithms.coadd.trails import continued_trails


def band(angle, half=4.0, side=200):
    y, x = np.mgrid[:side, :side]
    return np.abs((x - 90) * np.cos(angle) + (y - 110) * np.sin(angle)) <= half


def test_a_trail_is_drawn_through_the_star_that_interrupts_it():
    for angle in (0.0, 0.7, 2.0):
        whole = band(angle)
        broken = whole.copy()
        broken[90:125, 70:110] = False
        got = continued_trails(broken)
        assert (got & whole).sum() > 0.97 * whole.sum()
        # the band is as wide as the trail to a pixel
        assert (got & ~band(angle, 5.5)).sum() == 0


def test_compact_regions_and_small_masks_stay_as_they_are():
    y, x = np.mgrid[:200, :200]
    disc = np.hypot(x - 50, y - 60) < 20
    np.testing.assert_array_equal(continued_trails(disc), disc)
    track = np.zeros((200, 200), bool)
    track[50, 20:60] = True
    assert continued_trails(track) is track
