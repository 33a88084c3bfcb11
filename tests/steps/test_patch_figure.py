import struct
from pathlib import Path

import numpy as np
import pytest

import field
from gnomon.algorithms.report.patches import depth, panels
from gnomon.containers.coadd import empty_coadd
from gnomon.containers.provenance import Provenance
from gnomon.datamodel import DATASETS
from gnomon.errors import UnprocessableData
from gnomon.io import formats
from gnomon.pipeline.coadd import PatchFigureConfig
from gnomon.steps.patch_figure import patch_figure


def run(coadds):
    return patch_figure(field.skymap(), coadds, data_id=field.data_id(), config=PatchFigureConfig())


def test_a_patch_is_drawn_from_the_bands_there_are(tmp_path):
    figure = run([field.coadded("r"), empty_coadd("no visit")])
    assert figure.rgb.std() > 10
    path = tmp_path / "figure.png"
    formats.write(DATASETS["patch_figure"], figure, str(path), Provenance("patch_figure", 1, "{}", {}))
    width, height = struct.unpack(">II", Path(path).read_bytes()[16:24])
    assert (height, width, 3) == figure.rgb.shape


def test_depth_is_that_of_a_star_of_five_sigma():
    """Optimal weights: the flux error of a star is sqrt(variance / sum of the squared PSF)."""
    coadd = field.coadded("r")
    psf = np.median((coadd.psf.images**2).sum(axis=(1, 2)))
    expected = 31.4 - 2.5 * np.log10(5 * np.sqrt(np.median(coadd.image.variance) / psf))
    assert np.nanmedian(depth(coadd)) == pytest.approx(expected, abs=0.01)


def test_one_band_is_grey_and_three_keep_their_order():
    shown = panels([field.coadded("i"), field.coadded("r")], 0.2)
    assert shown.bands == ("i", "i", "r")
    assert np.ptp(panels([field.coadded("r")], 0.2).colour, axis=-1).max() == 0


def test_a_patch_without_coadds_says_why():
    with pytest.raises(UnprocessableData, match="no visit"):
        run([empty_coadd("no visit")])
