import numpy as np
import pytest

from gnomon.algorithms.geometry.overlap import patch_overlaps
from gnomon.containers.wcs import tangent_wcs
from gnomon.plan import incidence as module
from gnomon.plan.incidence import MARGIN_ARCSEC, CameraFootprints, ListedFootprints, incidence


def _listed(footprints):
    parts = list(footprints.pieces(10**9))
    return ListedFootprints(*(np.concatenate(c) for c in zip(*parts, strict=True)))


def test_pairs_are_the_overlaps_of_the_detectors(survey):
    listed = _listed(survey.footprints)
    found = patch_overlaps(survey.skymap, listed.ra, listed.dec, MARGIN_ARCSEC)
    wanted = {}
    for detector, tract, patch in zip(found.detector, found.tract, found.patch, strict=True):
        key = int(tract), int(patch), int(listed.row[detector])
        wanted[key] = wanted.get(key, 0) + 1
    pairs = survey.pairs
    got = list(zip(pairs.tract.tolist(), pairs.patch.tolist(), pairs.visit.tolist(), strict=True))
    assert got == sorted(wanted)
    assert pairs.n_detectors.tolist() == [wanted[k] for k in got]


@pytest.mark.parametrize("size", [1, 7, 64])
def test_pieces_of_any_size_give_the_same_pairs(survey, monkeypatch, size):
    monkeypatch.setattr(module, "_CHUNK", size)
    for footprints in (survey.footprints, _listed(survey.footprints)):
        pairs = incidence(footprints, survey.skymap)
        for name in ("tract", "patch", "visit", "n_detectors"):
            assert np.array_equal(getattr(pairs, name), getattr(survey.pairs, name))


def test_camera_corners_are_those_of_a_projection():
    ra0, dec0, turn, scale = 1.0, 0.5, 0.3, 1e-6
    x, y = np.array([[10.0, 20.0, 20.0, 10.0]]), np.array([[5.0, 5.0, 9.0, 9.0]])
    camera = CameraFootprints(np.array([ra0]), np.array([dec0]), np.array([turn]), x * scale, y * scale)
    ((_, ra, dec),) = camera.pieces(10)
    sine, cosine = np.sin(turn), np.cos(turn)
    wcs = tangent_wcs((ra0, dec0), (0.0, 0.0), scale * np.array([[-cosine, sine], [sine, cosine]]))
    np.testing.assert_allclose([ra, dec], wcs.pixel_to_sky(x, y), atol=1e-14)


def test_no_detectors_give_no_pairs(survey):
    none = np.empty((0, 4))
    assert len(incidence(ListedFootprints(np.empty(0, np.int64), none, none), survey.skymap)) == 0
