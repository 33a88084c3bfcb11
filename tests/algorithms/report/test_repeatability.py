import numpy as np

from gnomon.algorithms.report.repeatability import binned_spread, repeatability
from gnomon.containers.catalog import Catalog


def test_spread_is_that_of_the_values_in_each_bin():
    rng = np.random.default_rng(1)
    magnitude = np.repeat([18.1, 20.1], 4000)
    error = np.where(magnitude < 19, 2.0, 30.0)
    middle, spread, expected = binned_spread(magnitude, error * rng.normal(size=8000), error)
    assert middle.tolist() == [18.25, 20.25]
    # percentiles of 4000 normal deviates give the spread to 1.5 %
    np.testing.assert_allclose(spread, [2, 30], rtol=0.06)
    assert expected.tolist() == [2, 30]


def test_few_detections_make_an_empty_picture():
    one = {n: np.ones(1) for n in ("psfFlux", "psfFluxErr", "coord_decErr", "dy", "fainter")}
    assert repeatability(Catalog({**one, "band": np.array(["r"], object)})).startswith(b"\x89PNG")
