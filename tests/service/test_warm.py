"""What the service keeps in memory."""

import os

import numpy as np
import pytest

from gnomon.containers.image import Image
from gnomon.containers.provenance import Provenance
from gnomon.datamodel import DATASETS
from gnomon.io import formats
from gnomon.io.masters import MasterWriter
from gnomon.io.provenance import sha256
from gnomon.service.warm import Warm

FLAT = DATASETS["master_flat"]


def write(path, value, detectors=(0, 1)):
    with MasterWriter(path, Provenance("master_flat", 1, "{}", {})) as out:
        for d in detectors:
            plane = np.full((8, 8), value + d, np.float32)
            out.add(d, Image(plane, plane, np.zeros((8, 8), np.uint32)))


@pytest.fixture
def reads(monkeypatch):
    """Names of the files read."""
    seen, plain = [], formats.read

    def counting(dataset, path):
        seen.append(path.name)
        return plain(dataset, path)

    monkeypatch.setattr(formats, "read", counting)
    return seen


def test_a_file_is_read_once_and_gives_the_same_pixels(tmp_path, reads):
    path = tmp_path / "flat.h5"
    write(path, 1.0)
    warm = Warm(frozenset({"master_flat"}), 10**9)
    first, second = warm.read(FLAT, path), warm.read(FLAT, path)
    assert first[1] is second[1]
    assert np.all(second[1].flux == 2.0)
    assert reads == ["flat.h5"]


def test_a_replaced_file_is_read_again(tmp_path):
    path = tmp_path / "flat.h5"
    write(path, 1.0)
    warm = Warm(frozenset({"master_flat"}), 10**9)
    before = warm.digest(str(path))
    warm.read(FLAT, path)[0]
    write(path, 5.0)
    os.utime(path, ns=(1, 1))
    assert np.all(warm.read(FLAT, path)[0].flux == 5.0)
    assert warm.digest(str(path)) == sha256(path) != before


def test_memory_is_bounded_and_the_oldest_goes_first(tmp_path, reads):
    paths = [tmp_path / f"{k}.h5" for k in range(3)]
    for k, path in enumerate(paths):
        write(path, float(k))
    size = paths[0].stat().st_size
    warm = Warm(frozenset({"master_flat"}), int(2.5 * size))
    for path in (*paths, paths[2], paths[0]):
        warm.read(FLAT, path)
    assert reads == ["0.h5", "1.h5", "2.h5", "0.h5"]


def test_what_is_not_shared_is_not_kept(tmp_path, reads):
    path = tmp_path / "flat.h5"
    write(path, 1.0)
    warm = Warm(frozenset(), 10**9)
    warm.read(FLAT, path)
    warm.read(FLAT, path)
    assert len(reads) == 2
