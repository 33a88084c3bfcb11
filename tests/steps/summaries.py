"""Made-up visit summaries and checks, for the steps that gather them."""

import numpy as np

from gnomon.algorithms.validation.bars import check_table
from gnomon.containers.catalog import Catalog
from gnomon.pipeline import STEPS
from gnomon.pipeline.step import Many
from gnomon.schemas import schema


def rows(name, n, **given):
    """A table of a schema: zeros, and what is given."""
    columns = {}
    for c in schema(name):
        kind = object if c.dtype == "str" else np.dtype(c.dtype)
        filled = np.full(n, "" if c.dtype == "str" else 0, kind)
        columns[c.name] = np.asarray(given[c.name]).astype(kind) if c.name in given else filled
    return columns


def summary(visit, band, *, meta=None, **given):
    texts = {"band": np.array([band] * 2, object), "night": np.array(["20261012"] * 2, object)}
    texts |= {"astromKind": np.array(["polynomial"] * 2, object)}
    columns = rows("visit_summary", 2, visit=[visit] * 2, detector=[0, 1], **{**texts, **given})
    return Catalog(columns, {"data_id": f"visit={visit}", **(meta or {})})


def check(band, **found):
    """Value and number behind it, by quantity."""
    return check_table(band, {name.replace("_", " "): pair for name, pair in found.items()})


def gathers_nothing(step):
    """Arguments of a step of which every gather is empty."""
    return {name: [] for name, want in STEPS[step].reads.items() if isinstance(want, Many)}
