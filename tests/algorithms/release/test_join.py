import numpy as np

from gnomon.algorithms.release.join import with_columns_of
from gnomon.containers.catalog import Catalog


def test_rows_meet_by_their_key_and_missing_ones_are_blank():
    left = Catalog({"id": np.array([5, 3, 9]), "ra": np.array([1.0, 2.0, 3.0])})
    right = Catalog(
        {
            "id": np.array([3, 5, 7]),
            "ra": np.array([9.0, 9.0, 9.0]),
            "z": np.array([0.3, 0.5, 0.7], np.float32),
            "good": np.array([True, True, True]),
            "name": np.array(["a", "b", "c"], object),
        }
    )
    whole = with_columns_of(left, right, "id")
    assert whole["ra"].tolist() == [1.0, 2.0, 3.0]
    np.testing.assert_allclose(whole["z"], [0.5, 0.3, np.nan], rtol=1e-6)
    assert whole["good"].tolist() == [True, True, False]
    assert whole["name"].tolist() == ["b", "a", ""]
    assert whole["z"].dtype == np.float32


def test_an_empty_table_gives_blanks_and_an_empty_one_takes_columns():
    some, none = Catalog({"id": np.array([1])}), Catalog({"id": np.empty(0, int), "z": np.empty(0, "f4")})
    assert np.isnan(with_columns_of(some, none, "id")["z"]).all()
    assert len(with_columns_of(none, some, "id")) == 0
