import numpy as np
import pytest

from gnomon.containers.image import Image
from gnomon.containers.provenance import Provenance
from gnomon.errors import UnprocessableData
from gnomon.io.masters import MasterWriter, open_master

MADE_BY = Provenance("master_flat", 1, "{}", {})
FRAME = Image(np.ones((4, 6), "f4"), np.full((4, 6), 0.5, "f4"), np.zeros((4, 6), "u4"))


def write(path):
    with MasterWriter(path, MADE_BY) as writer:
        writer.add(2, FRAME)
        writer.fail(3, "one exposure, need 2")


def test_frames_and_failures_come_back(tmp_path):
    write(tmp_path / "flat.h5")
    back = open_master(tmp_path / "flat.h5")
    assert tuple(back) == (2,)
    assert back.failures == {3: "one exposure, need 2"}
    np.testing.assert_array_equal(back[2].variance, FRAME.variance)


def test_equal_content_gives_equal_bytes(tmp_path):
    write(tmp_path / "a")
    write(tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_refuses_what_is_no_master(tmp_path):
    (tmp_path / "x.h5").write_text("no")
    with pytest.raises(UnprocessableData, match=r"x\.h5"):
        open_master(tmp_path / "x.h5")
