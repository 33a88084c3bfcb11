import numpy as np
import pytest

from gnomon.containers import ids


def test_ids_of_different_data_never_meet():
    index = np.array([0, 1, 2**21 - 1])
    visits = (0, 1, 1234567, 2026112200001, 2026112200002, 2189123199999)
    made = [ids.source_ids(v, d, index) for v in visits for d in (0, 1, 255)]
    flat = np.concatenate(made)
    assert len(np.unique(flat)) == flat.size
    assert flat.min() >= 0


def test_ids_rise_with_visit_then_detector_then_index():
    a = ids.source_ids(2026113100001, 5, np.array([7]))
    assert a < ids.source_ids(2026120100000, 0, np.array([0]))
    assert a < ids.source_ids(2026113100001, 6, np.array([0]))


def test_object_ids_of_neighbouring_patches_differ():
    a, b = ids.object_ids(12, 1023, np.array([2**32 - 1])), ids.object_ids(13, 0, np.array([0]))
    assert b[0] - a[0] == 1


@pytest.mark.parametrize("visit", [-1, 2**33, 1466180472123, 2026133100000])
def test_visit_that_is_no_date_is_refused(visit):
    with pytest.raises(ValueError, match=str(abs(visit))):
        ids.source_ids(visit, 0, np.array([0]))


def test_index_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="21 bits"):
        ids.source_ids(1, 0, np.array([2**21]))
