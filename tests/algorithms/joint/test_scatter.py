import numpy as np

from gnomon.algorithms.joint.scatter import rows_by_group


def test_rows_of_each_group_rise_and_groups_without_rows_are_empty():
    group = np.array([3, 0, 3, 1, 0, 3])
    assert [r.tolist() for r in rows_by_group(group, 5)] == [[1, 4], [3], [], [0, 2, 5], []]
    assert [r.tolist() for r in rows_by_group(group[:0], 2)] == [[], []]
