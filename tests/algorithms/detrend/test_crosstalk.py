import numpy as np
import pytest

from gnomon.algorithms.detrend.crosstalk import crosstalk_terms


def test_correction_is_exact_for_strong_coupling():
    rng = np.random.default_rng(2)
    true = rng.uniform(0, 60000, (3, 20, 30))
    coupling = np.array([[0, 0.01, 0.002], [0.03, 0, 0], [0.001, 0.02, 0]])
    seen = np.tensordot(np.eye(3) + coupling, true, axes=1).astype(np.float32)
    terms = crosstalk_terms(list(seen), coupling)
    # float32 of 6e4: half a unit in the last place is 0.004, a handful of operations
    np.testing.assert_allclose(seen - np.array(terms), true, atol=0.02)


def test_no_coupling_corrects_nothing():
    light = [np.ones((2, 3), np.float32)] * 2
    assert not np.any(crosstalk_terms(light, [[0, 0], [0, 0]]))


@pytest.mark.parametrize("shapes, matrix", [([(2, 3)] * 2, [[0.0]]), ([(2, 3), (3, 3)], [[0, 0], [0, 0]])])
def test_a_matrix_that_does_not_fit_is_refused(shapes, matrix):
    with pytest.raises(ValueError, match="crosstalk"):
        crosstalk_terms([np.zeros(s, np.float32) for s in shapes], matrix)
