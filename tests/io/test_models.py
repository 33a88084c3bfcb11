import numpy as np
import pytest

from gnomon.containers.provenance import Provenance
from gnomon.errors import UnprocessableData
from gnomon.io.models import read_model, why_empty, write_model

MADE_BY = Provenance("train_photoz", 1, "{}", {})
ARRAYS = {"weight": np.arange(6, dtype=np.float32).reshape(2, 3), "bias": np.array(0.5)}


def test_arrays_come_back_with_their_types(tmp_path):
    write_model(ARRAYS, tmp_path / "m.h5", MADE_BY)
    back = read_model(tmp_path / "m.h5")
    assert back["weight"].dtype == np.float32
    np.testing.assert_array_equal(back["weight"], ARRAYS["weight"])
    assert back["bias"] == 0.5
    assert why_empty(tmp_path / "m.h5") == ""


def test_equal_models_give_equal_bytes(tmp_path):
    write_model(ARRAYS, tmp_path / "a.h5", MADE_BY)
    write_model(dict(reversed(ARRAYS.items())), tmp_path / "b.h5", MADE_BY)
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_empty_model_says_why(tmp_path):
    write_model({}, tmp_path / "m.h5", MADE_BY, "no redshifts")
    assert read_model(tmp_path / "m.h5") == {}
    assert why_empty(tmp_path / "m.h5") == "no redshifts"


def test_text_file_is_refused(tmp_path):
    (tmp_path / "m.h5").write_text("no")
    with pytest.raises(UnprocessableData, match=r"m\.h5 is not a model"):
        read_model(tmp_path / "m.h5")
