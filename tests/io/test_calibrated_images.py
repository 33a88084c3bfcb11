from dataclasses import replace

import numpy as np
import pytest

import field
from gnomon.algorithms.visit.characterise import gaussian_psf
from gnomon.containers.provenance import Provenance
from gnomon.containers.psf import Chromatic, PsfModel
from gnomon.io.calibrated_images import CalibratedWriter, open_calibrated
from gnomon.io.records import from_row, to_row

PSF = gaussian_psf(3.5, (100, 100), 21)


@pytest.mark.parametrize("chromatic", [None, Chromatic(0.01, -0.02, -0.03, 0.8)])
def test_a_psf_keeps_its_slopes_with_colour_or_has_none(chromatic):
    found = from_row(PsfModel, to_row(replace(PSF, chromatic=chromatic)))
    assert found.chromatic == chromatic
    np.testing.assert_array_equal(found.basis, PSF.basis)


def test_detectors_with_and_without_slopes_lie_in_one_file(tmp_path):
    plain = field.calibrated(1)
    coloured = replace(plain, psf=replace(plain.psf, chromatic=Chromatic(0.01, -0.02, -0.03, 0.8)))
    with CalibratedWriter(tmp_path / "1.fits", Provenance("test", 1, "{}", {})) as writer:
        writer.add(0, plain)
        writer.add(1, coloured)
    found = open_calibrated(tmp_path / "1.fits")
    assert [found[k].psf.chromatic for k in (0, 1)] == [None, coloured.psf.chromatic]


def test_a_psf_without_slopes_is_written_as_before_there_were_any():
    assert set(to_row(PSF)) == {"basis", "degree", "centre", "scale"}


def test_what_may_not_be_missing_is_asked_for():
    row = to_row(PSF)
    del row["degree"]
    with pytest.raises(KeyError):
        from_row(PsfModel, row)
