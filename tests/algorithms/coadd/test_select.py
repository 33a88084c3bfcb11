import pytest

from gnomon.algorithms.coadd.select import Rule, reasons


def test_each_detector_has_a_reason_of_its_own_or_is_used():
    visit, seeing = [1, 1, 2, 3, 4], [0.7, 2.5, 0.8, 0.9, 3.0]
    assert reasons(visit, seeing, Rule(2.0)) == [
        "",
        "seeing 2.50 arcsec, limit 2.00",
        "",
        "",
        "seeing 3.00 arcsec, limit 2.00",
    ]


@pytest.mark.parametrize(
    "share, least, used", [(0.34, 1, {1, 2}), (0.1, 1, {2}), (0.1, 3, {1, 2, 3}), (1, 9, {1, 2, 3, 4})]
)
def test_the_best_visits_are_kept_whole(share, least, used):
    visit = [1, 1, 2, 2, 3, 4]
    seeing = [0.8, 0.8, 0.6, 0.7, 0.9, 1.0]
    why = reasons(visit, seeing, Rule(2.0, share, least))
    assert {v for v, w in zip(visit, why, strict=True) if not w} == used
    assert all(w == "" or f"not among the {len(used)} of 4 visits" in w for w in why)


def test_nothing_to_choose_from():
    assert reasons([], [], Rule(2.0, 0.5)) == []
    assert all(reasons([1, 2], [5.0, float("nan")], Rule(2.0, 0.5)))
