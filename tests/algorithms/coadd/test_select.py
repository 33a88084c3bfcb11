import numpy as np
import pytest

from gnomon.algorithms.coadd.select import Rule, quality, reasons


def seen(seeing, e=None, zp=None, time=None, noise=None, transparency=None):
    """What detectors are chosen by, all the same but for what is given."""
    n = len(seeing)
    return quality(
        seeing,
        [0.0] * n if e is None else e,
        [27.0] * n if zp is None else zp,
        [30.0] * n if time is None else time,
        [10.0] * n if noise is None else noise,
        [np.nan] * n if transparency is None else transparency,
    )


def test_each_detector_has_a_reason_of_its_own_or_is_used():
    visit, seeing = [1, 1, 2, 3, 4], [0.7, 2.5, 0.8, 0.9, 3.0]
    said = "seeing above 2.00 arcsec"
    assert reasons(visit, seen(seeing), Rule(2.0)) == ["", said, "", "", said]


@pytest.mark.parametrize(
    "share, least, used", [(0.34, 1, {1, 2}), (0.1, 1, {2}), (0.1, 3, {1, 2, 3}), (1, 9, {1, 2, 3, 4})]
)
def test_the_best_visits_are_kept_whole(share, least, used):
    visit = [1, 1, 2, 2, 3, 4]
    seeing = [0.8, 0.8, 0.6, 0.7, 0.9, 1.0]
    why = reasons(visit, seen(seeing), Rule(2.0, share, least))
    assert {v for v, w in zip(visit, why, strict=True) if not w} == used
    assert all(w == "" or w.startswith("not among the visits with the best seeing") for w in why)


def test_clouds_trails_and_a_bright_sky_are_told_whatever_the_exposure_time():
    # the fourth is half as long and as clear as the others; the fifth loses 0.9 mag
    zp = [27.0, 27.0, 27.0, 27.0 - 2.5 * np.log10(2), 26.1, 27.0]
    found = seen(
        [0.8] * 6, [0.1, 0.6, 0.1, 0.1, 0.1, np.nan], zp, [30, 30, 30, 15, 30, 30], [10, 10, 50, 10, 10, 10]
    )
    assert found.transparency[3] == pytest.approx(1)
    assert found.transparency[4] == pytest.approx(10**-0.36)
    rule = Rule(2.0, max_ellipticity=0.3, min_transparency=0.5, max_noise=3.0)
    assert reasons([*range(6)], found, rule) == [
        "",
        "ellipticity above 0.30",
        "sky noise above 3.00 of the median",
        "",
        "transparency below 0.50",
        "",
    ]
    assert not any(reasons([*range(6)], found, Rule(2.0)))


def test_a_patch_of_cloudy_visits_is_told_from_a_clear_one_where_the_reference_says_so():
    zp = [26.0, 26.0, 26.0, 27.0]
    found = seen([0.8] * 4, zp=zp, transparency=[0.4, 0.4, np.nan, 1.0])
    assert (
        reasons([*range(4)], found, Rule(2.0, min_transparency=0.5))
        == ["transparency below 0.50"] * 2 + [""] * 2
    )


def test_nothing_to_choose_from():
    assert reasons([], seen([]), Rule(2.0, 0.5)) == []
    assert all(reasons([1, 2], seen([5.0, float("nan")]), Rule(2.0, 0.5)))
