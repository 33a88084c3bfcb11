import numpy as np
import pytest

from algorithms.coadd.epochs import SIDE, epochs
from gnomon.algorithms.coadd import find_artifacts, stack_warps


@pytest.mark.parametrize("n", [6, 12, 40])
def test_a_trail_and_a_moving_star_are_found_in_their_epochs_alone(n):
    warps, _, spoil, _ = epochs(n)
    found = find_artifacts(stack_warps(warps, n)).astype(bool)
    # what is below the noise of a smoothed epoch (some 10 nJy per pixel) is left: a fraction of the wings
    assert (spoil * found).sum() / spoil.sum() > 0.985
    others = np.delete(found, [1, n // 2], axis=0)
    assert others.mean() < 1e-3


def test_clean_epochs_keep_nearly_every_pixel_and_all_cores():
    warps, _, _, (x, y, _) = epochs(15, seed=3, artifacts=False)
    found = find_artifacts(stack_warps(warps, 15)).astype(bool)
    # 5.5 sigma of smoothed noise, 15 x 14,400 pixels
    assert found.mean() < 1e-3
    assert not found[:, np.rint(y).astype(int), np.rint(x).astype(int)].any()


def test_a_variable_star_survives():
    warps, _, _, _ = epochs(20, seed=4, artifacts=False, variable=3e4)
    found = find_artifacts(stack_warps(warps, 20))
    assert not found[:, SIDE // 2 - 2 : SIDE // 2 + 3, SIDE // 2 - 2 : SIDE // 2 + 3].any()


@pytest.mark.parametrize("n", [1, 2])
def test_one_or_two_epochs_cannot_outvote_each_other(n):
    warps, _, _, _ = epochs(n)
    assert not find_artifacts(stack_warps(warps, n)).any()


def test_holes_are_not_artifacts():
    warps, _, _, _ = epochs(8, artifacts=False)
    warps[3].image.flux[40:60, 40:60] = 0
    warps[3].image.variance[40:60, 40:60] = 0
    found = find_artifacts(stack_warps(warps, 8))
    # the hole cuts a bright star in two; the mean of other seeings that fills it does not fit its other half
    assert found[3].mean() < 5e-3


@pytest.mark.parametrize("n", [3, 4, 5, 8])
def test_few_epochs_are_no_quieter_than_their_variances_say(n):
    warps, _, _, _ = epochs(n, artifacts=False)
    # were their noise told from the scatter about their own median, 1 to 20 % would go
    assert find_artifacts(stack_warps(warps, n)).mean() < 1e-3
