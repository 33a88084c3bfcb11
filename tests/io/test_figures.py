import numpy as np
import pytest
from matplotlib import image

from gnomon.containers.figure import Figure
from gnomon.containers.provenance import Provenance
from gnomon.errors import UnprocessableData
from gnomon.io.figures import read_figure, write_figure


def test_another_reader_sees_the_same_pixels(tmp_path):
    rgb = np.random.default_rng(1).integers(0, 256, (5, 9, 3), dtype=np.uint8)
    write_figure(Figure(rgb, "noise"), tmp_path / "f.png", Provenance("x", 1, "{}", {}))
    np.testing.assert_array_equal(np.round(image.imread(tmp_path / "f.png") * 255), rgb)


def test_refuses_what_is_no_png(tmp_path):
    (tmp_path / "f.png").write_text("no")
    with pytest.raises(UnprocessableData, match=r"f\.png"):
        read_figure(tmp_path / "f.png")
