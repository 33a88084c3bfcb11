import pytest

from gnomon.errors import ConfigError
from gnomon.plan.changes import change, changed_steps, ordered, withdraw
from gnomon.smk import campaign_options


def _found(reruns):
    return {r.step: (r.rerun, r.dropped) for r in reruns}


def test_a_changed_step_reruns_itself_and_its_dependents_only(steps, survey):
    units = survey.units
    found = _found(change(steps, units, {"objects": "an option"}))
    assert found == {"objects": (units.size("patch"), 0), "report": (1, 0)}
    assert set(_found(change(steps, units, {"coadd": "an option"}))) == {
        "coadd", "objects", "difference", "link", "report"
    }  # fmt: skip


def test_every_step_depends_on_the_first(steps, survey):
    found = _found(change(steps, survey.units, {"recipe": "an option"}))
    assert set(found) == set(steps)
    assert found["raw"] == (45, 0)
    assert found["coadd"] == (survey.units.size("patch_band"), 0)


def test_withdrawing_a_visit_touches_the_tracts_it_touched(steps, survey):
    units = survey.units
    found = _found(withdraw(steps, units, int(units.visit[7])))
    assert found["raw"] == (0, 1)
    assert found["isr"] == (0, 1)
    mine = set(units.pairs("visit", "tract")[1][units.pairs("visit", "tract")[0] == 7].tolist())
    rerun, dropped = found["stars"]
    assert rerun + dropped == len(mine)
    assert found["report"] == (1, 0)
    assert found["calexp"][1] == 1
    assert 0 < found["calexp"][0] <= 39


def test_without_feedback_only_the_patches_of_the_visit_rerun(steps, survey):
    """With the calibration by tract left out, a visit reaches no other visit's images."""
    units = survey.units
    direct = {n: s for n, s in steps.items() if n in ("raw", "isr")}
    assert _found(withdraw(direct, units, int(units.visit[7]))) == {"raw": (0, 1), "isr": (0, 1)}
    touched = (units.pair_visit == 7).sum()
    alone = (units.fan("visit", "patch_band")[units.pair_patch_band[units.pair_visit == 7]] == 1).sum()
    found = _found(withdraw({"calexp": steps["calexp"], "coadd": steps["coadd"]}, units, int(units.visit[7])))
    assert found["coadd"] == (touched - alone, alone)


def test_withdrawing_a_calibration_remakes_what_it_calibrates(steps, survey):
    found = _found(withdraw(steps, survey.units, int(survey.units.calibrations[0])))
    assert found["raw"] == (0, 1)
    assert found["bias"] == (1, 0)
    assert found["isr"] == (40, 0)


def test_an_unknown_visit_cannot_be_withdrawn(steps, survey):
    with pytest.raises(ConfigError, match="no visit 12"):
        withdraw(steps, survey.units, 12)


def test_makers_come_before_readers(steps):
    names = [s.name for s in ordered(dict(reversed(steps.items())))]
    for k, name in enumerate(names):
        assert set(steps[name].reads) - {name} <= set(names[:k])


def test_an_option_that_keeps_its_value_changes_nothing(monkeypatch):
    options = campaign_options({"campaign": "demo", "instrument": "gnomonsim"})
    assert changed_steps(options, "simulate_sky.seed=20260101") == {}
    changed = changed_steps(options, "simulate_sky.seed=5")
    assert changed == {"simulate_sky": "simulate_sky.seed was 20260101, would be 5"}
    assert set(changed_steps(options, "report.title=new")) == {"report"}


@pytest.mark.parametrize(
    "text,match",
    [
        ("simulate_sky.sed=5", "did you mean 'seed'"),
        ("simulate_sk.seed=5", "did you mean 'simulate_sky'"),
        ("simulate_sky.seed=-5", "seed"),
        ("nonsense", "wanted STEP.OPTION=VALUE"),
    ],
)
def test_a_change_that_cannot_be_is_refused(text, match):
    options = campaign_options({"campaign": "demo", "instrument": "gnomonsim"})
    with pytest.raises(ConfigError, match=match):
        changed_steps(options, text)
