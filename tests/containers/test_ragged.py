from itertools import pairwise

import numpy as np

from gnomon.containers import ragged

VALUES = np.array([3.0, 1.0, 2.0, 5.0, -1.0, 4.0])
OFFSETS = np.array([0, 3, 3, 4, 6, 6])


def lists():
    return [VALUES[a:b] for a, b in pairwise(OFFSETS)]


def test_reductions_agree_with_numpy_list_by_list():
    for ours, numpys in ((ragged.minima, np.min), (ragged.maxima, np.max), (ragged.means, np.mean)):
        want = [numpys(v) if len(v) else np.nan for v in lists()]
        np.testing.assert_array_equal(ours(VALUES, OFFSETS), want)
    np.testing.assert_array_equal(ragged.sums(VALUES, OFFSETS), [v.sum() for v in lists()])


def test_percentiles_agree_with_numpy_and_are_nan_for_empty_lists():
    got = ragged.percentiles(VALUES, OFFSETS, (5.0, 50.0, 80.0))
    want = [np.percentile(v, (5, 50, 80)) if len(v) else [np.nan] * 3 for v in lists()]
    np.testing.assert_allclose(got, want, rtol=1e-15)


def test_groups_are_independent_of_row_order():
    rng = np.random.default_rng(0)
    key, t = rng.integers(0, 5, 40), rng.random(40)
    shuffled = rng.permutation(40)
    a, b = ragged.group_rows(key, t), ragged.group_rows(key[shuffled], t[shuffled])
    np.testing.assert_array_equal(a.keys, b.keys)
    np.testing.assert_array_equal(t[a.order], t[shuffled][b.order])
    assert (np.diff(t[a.order])[ragged.owners(a.offsets)[1:] == ragged.owners(a.offsets)[:-1]] >= 0).all()


def test_kept_offsets_count_the_survivors():
    mask = np.array([True, False, True, False, False, True])
    np.testing.assert_array_equal(ragged.kept(mask, OFFSETS), [0, 2, 2, 2, 3, 3])


def test_no_lists_give_no_results():
    empty = np.zeros(0)
    assert ragged.sums(empty, np.array([0])).shape == (0,)
    assert ragged.medians(empty, np.array([0, 0])).tolist() != [0.0]
    assert ragged.group_rows(np.zeros(0, np.int64)).offsets.tolist() == [0]
