import json
from pathlib import Path

import pytest

from gnomon import smk
from gnomon.errors import ConfigError
from gnomon.smk import campaign_options, plan_key

DEMO = {"campaign": "demo", "instrument": "gnomonsim"}


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch):
    monkeypatch.chdir(Path(__file__).parents[1])


def test_names_the_option_meant_by_a_misspelt_one():
    with pytest.raises(ConfigError, match="steps.report: unknown 'titel'; did you mean 'title'"):
        smk.Campaign({**DEMO, "steps": {"report": {"titel": "x"}}})


def test_names_the_step_meant_by_a_misspelt_one():
    with pytest.raises(ConfigError, match="steps: unknown 'reprot'; did you mean 'report'"):
        campaign_options({**DEMO, "steps": {"reprot": {}}})


@pytest.mark.parametrize(
    "steps, says", [(["report"], "steps: found"), ({"report": 5}, "steps.report: found 5, wanted names")]
)
def test_steps_that_are_no_names_with_values(steps, says):
    with pytest.raises(ConfigError, match=says):
        campaign_options({**DEMO, "steps": steps})


@pytest.mark.parametrize(
    "text, says", [(None, "there is no campaign file"), ("a: [1", "is no YAML"), ("- a", "holds no keys")]
)
def test_a_campaign_file_that_is_none(tmp_path, text, says):
    if text is not None:
        (tmp_path / "c.yaml").write_text(text)
    with pytest.raises(ConfigError, match=says):
        smk.campaign_file(tmp_path / "c.yaml")


def test_words_stand_over_a_campaign_file(tmp_path):
    (tmp_path / "c.yaml").write_text("campaign: a\nroot: b\n")
    assert smk.campaign_file(tmp_path / "c.yaml", ["root=c", "withdrawn=[1]"]) == {
        "campaign": "a",
        "root": "c",
        "withdrawn": [1],
    }


def test_names_the_campaign_key_meant_by_a_misspelt_one():
    with pytest.raises(ConfigError, match="did you mean 'withdrawn'"):
        campaign_options({**DEMO, "withdraw": []})


def test_names_the_instruments_there_are():
    with pytest.raises(ConfigError, match=r"nosuch\.yaml.*gnomonsim"):
        campaign_options({**DEMO, "instrument": "nosuch"})


def test_a_data_folder_must_exist():
    with pytest.raises(ConfigError, match="data=DIR"):
        plan_key(campaign_options({**DEMO, "data": "/nowhere/at/all"}))


def test_a_value_out_of_bounds_is_told_with_what_was_found():
    with pytest.raises(ConfigError, match=r"skymap\.pixel_arcsec.*found -1"):
        campaign_options({**DEMO, "skymap": {"pixel_arcsec": -1}})


def test_an_option_of_a_step_does_not_call_for_a_new_plan():
    before, after = (campaign_options({**DEMO, "steps": {"report": {"title": t}}}) for t in "ab")
    assert plan_key(before) == plan_key(after)


def test_withdrawing_a_visit_calls_for_a_new_plan():
    before, after = (campaign_options({**DEMO, "withdrawn": w}) for w in ([], [1234567890123]))
    assert plan_key(before) != plan_key(after)


def test_params_hold_every_option_with_its_default():
    params = smk.Campaign(DEMO).params("report")
    assert json.loads(params["config"]) == {"title": "gnomon campaign"}


def test_every_file_of_a_dataset_is_named_by_the_plan():
    campaign = smk.Campaign(DEMO)
    campaign.__dict__["graph"] = {
        "visits": {"7": {}},
        "nights": {"20261012": ["7"]},
        "tracts": {"00001": []},
        "patches": {"00001/002": {}},
    }
    assert campaign.every("report") == ["run/release/report.html"]
    assert campaign.every("forced_source") == ["run/object/forced_source/7.parquet"]
    assert campaign.every("star_motion") == ["run/object/star_motion/00001.parquet"]
    assert campaign.every("object") == ["run/object/object/00001/002.parquet"]


def test_a_shard_more_calls_for_a_new_plan_and_a_wrong_folder_is_refused(tmp_path):
    options = campaign_options({**DEMO, "refcat": str(tmp_path)})
    before = smk.plan_key(options)
    (tmp_path / "00001.h5").touch()
    assert smk.plan_key(options) != before
    with pytest.raises(ConfigError, match="refcat: nowhere is not a folder"):
        smk.plan_key(campaign_options({**DEMO, "refcat": "nowhere"}))
