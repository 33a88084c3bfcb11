from dataclasses import replace

import pytest

from gnomon.containers.tiling import Tiling

RINGS = Tiling("rings", 120, 32, 60.0, (), 0.2, 150, 50, 20, 1)


def test_the_kind_chooses_the_partition():
    assert len(RINGS.skymap()) == 18_938
    assert len(replace(RINGS, kind="healpix").skymap()) == 12 * 32**2
    assert len(replace(RINGS, kind="discrete", tracts_deg=((0.0, 0.0, 1.0, 1.0),) * 3).skymap()) == 3


def test_another_kind_or_no_tract_is_refused():
    with pytest.raises(ValueError, match="rings, healpix or discrete"):
        replace(RINGS, kind="cubes").skymap()
    with pytest.raises(ValueError, match="at least one tract"):
        replace(RINGS, kind="discrete").skymap()
