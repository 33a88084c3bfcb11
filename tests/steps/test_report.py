import io
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))
from summaries import check, gathers_nothing, summary

from gnomon.algorithms.report.chain import without_shortcuts
from gnomon.algorithms.report.sections import SECTIONS
from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.io.catalogs import empty_catalog
from gnomon.pipeline import STEPS
from gnomon.pipeline.release import MetricsConfig, ReportConfig
from gnomon.pipeline.step import makers
from gnomon.steps.metrics import metrics
from gnomon.steps.report import report


def png():
    """A grey picture."""
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), "grey").save(buffer, "PNG")
    return buffer.getvalue()


PNG = png()
JOBS = Catalog(
    {
        "step": np.array(["isr", "calibrate_visit", "report"], object),
        "jobs": np.array([2, 2, 1]),
        "cpu_s": np.ones(3),
    }
)
NO_REJECTS = empty_catalog("rejects", "none")


VOID = ("img", "br", "meta", "path", "rect")


class Text(HTMLParser):
    """All text of a page, and its tags."""

    def __init__(self):
        super().__init__()
        self.words, self.open = [], []

    def handle_data(self, data):
        self.words.append(data)

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert tag in VOID or self.open.pop() == tag


def page(summaries, rejects=NO_REJECTS, checks=()):
    filled = [s for s in summaries if len(s)]
    table = (
        metrics(
            **{**gathers_nothing("metrics"), "summaries": filled, "checks": list(checks)},
            data_id=DataId(),
            config=MetricsConfig(),
        )
        if filled
        else empty_catalog("metrics", "nothing")
    )
    given = {"summaries": summaries, "figures": [PNG] * len(summaries), "rejects": rejects, "jobs": JOBS}
    given = {**gathers_nothing("report"), **given, "metrics": table}
    html = report(**given, data_id=DataId(), config=ReportConfig(title="A & B"))
    text = Text()
    text.feed(html)
    assert text.open == []
    return html, " ".join(text.words)


def test_failures_stand_at_the_top_with_their_reasons():
    meta = {"failures": '{"1": "all pixels are <saturated>"}'}
    rejects = Catalog({"path": np.array(["a.fits"], object), "reason": np.array(["is cut off"], object)})
    html, text = page([summary(2026101201001, "r", meta=meta)], rejects)
    assert "visit=2026101201001 detector=1" in text
    assert "all pixels are <saturated>" in text
    assert "a.fits" in text
    assert text.index("is cut off") < text.rindex("Requirements")
    assert "<saturated>" not in html


def test_a_missed_requirement_is_called_missed():
    checks = [check("r", completeness=(0.5, 100), zero_point_error=(0.001, 4))]
    _, text = page([summary(1, "r")], checks=checks)
    assert "missed" in text
    assert "met" in text


def test_a_campaign_of_which_nothing_is_left_still_has_its_page():
    empty = Catalog(
        empty_catalog("visit_summary", "x").columns, {"data_id": "visit=7", "empty_reason": "no stars at all"}
    )
    _, text = page([empty])
    assert "No visit was calibrated." in text
    assert "no stars at all" in text


def test_the_same_tables_give_the_same_page():
    summaries = [summary(1, "r"), summary(2, "g")]
    assert page(summaries)[0] == page(summaries)[0]


def test_every_section_stands_on_a_page_without_data_and_says_why():
    html, text = page([])
    assert [s.title for s in SECTIONS if f">{s.title}</h2>" not in html] == []
    assert "There are no visits." in text


def test_a_reason_is_told_once_with_the_stage_that_gave_up():
    meta = {"failures": '{"1": "no stars"}'}
    _, text = page([summary(7, "r", meta=meta)])
    assert text.count("detector=1") == 1


def test_arrows_of_the_chain_leave_out_what_others_imply():
    above = without_shortcuts(
        makers({n: STEPS[n] for n in ("isr", "calibrate_visit", "visit_figure", "report")})
    )
    assert above["report"] == ["visit_figure"]
    assert above["isr"] == []


def test_what_visits_say_of_themselves_is_told_once_for_all_of_them():
    note = np.array(["no reference stars: the header's map was kept; a joint fit"] * 2, object)
    _, text = page([summary(1, "r", note=note), summary(2, "r", note=note)])
    head = text[: text.rindex("Visits in time")]  # below, each visit says it again
    head = head[head.index("What the calibrated visits say") :]
    assert head.count("no reference stars: the header's map was kept") == 1
    assert "visit=1 detector=0" in head
    assert "visit=2 detector=1" in head


def test_planned_cost_stands_beside_the_jobs():
    _, text = page([summary(1, "r")])
    assert "3 in all" in text
