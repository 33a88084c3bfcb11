"""Every step on nothing at all: what comes out is a product like any other, and says why it is empty.

What a step reads is what the step before writes when its own data are hopeless; so no failure, of a file, a visit
or a whole night, stops what follows.
"""

import logging
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from pydantic import TypeAdapter

from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.containers.provenance import Provenance
from gnomon.containers.tiling import Tiling
from gnomon.datamodel import DATASETS
from gnomon.io import formats
from gnomon.io.catalogs import write_catalog
from gnomon.io.refcat import ASTROMETRY
from gnomon.io.skymaps import write_tiling
from gnomon.job import prepare
from gnomon.pipeline import STEPS, simulation
from gnomon.pipeline.step import Many, dataset_of

MADE_BY = Provenance("test", 1, "{}", {})
WHY = "the file is cut short"
TOKENS = {
    "instrument": "gnomonsim", "night": "20261012", "visit": 2026101200001, "band": "r", "tract": 0, "patch": 0,
    "filter": "bright", "kind": "deep",
}  # fmt: skip
TILING = Tiling("discrete", 120, 32, 60.0, ((5.0, -30.0, 0.1, 0.1),), 0.2, 150, 50, 2, 1)
CONFIG = {"filter_alerts": {"filters": {"bright": {"where": "diaSource.snr > 10"}}}}
TRUTH = {d for s in simulation.STEPS for d in s.writes.values()} - {"raw"}
"""What the simulator knows: never empty, and not there for a real survey."""
NAMES = [
    n for n, s in STEPS.items() if not TRUTH & {*s.writes.values(), *s.reads.values()} and n != "simulate"
]


def nothing(name, folder):
    """A file of a dataset type with nothing in it; of what is never empty, the one there is."""
    dataset = DATASETS[name]
    path = folder / dataset.path(**TOKENS, shard=0)
    path.parent.mkdir(parents=True, exist_ok=True)
    if name == "skymap":
        write_tiling(TILING, path)
    elif name == "quanta":
        write_catalog(
            Catalog({"step": np.zeros(0, object), "jobs": np.zeros(0, np.int64), "cpu_s": np.zeros(0)}),
            path,
            MADE_BY,
            "",
        )
    elif dataset.container == "Refcat":
        none = Catalog({c: np.zeros(0) for c in ASTROMETRY} | {"id": np.zeros(0, np.int64)})
        formats.write(dataset, none, str(path), MADE_BY)
    elif dataset.external:
        return dataset.path(**TOKENS)
    elif dataset.container == "Raw":
        path.write_bytes(b"SIMPLE  =")
    else:
        formats.write_empty(dataset, WHY, str(path), MADE_BY)
    return str(path)


def perform(name, folder, gathers):
    """The products of a step by dataset, and what its job says; every gather is of one file, or of none."""
    step = STEPS[name]
    known = {n: dataset_of(w) for n, w in step.reads.items() if gathers or not isinstance(w, Many)}
    given = {n: [nothing(d, folder)] for n, d in known.items() if d not in TRUTH | {"mpcorb"}}
    inputs = {n: given.get(n, []) for n in step.reads}
    outputs = {n: str(folder / "made" / DATASETS[d].path(**TOKENS)) for n, d in step.writes.items()}
    for path in outputs.values():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    config = TypeAdapter(step.config).validate_python(CONFIG.get(name, {}))
    function = getattr(import_module(f"gnomon.steps.{name}"), name)
    said = prepare(step, DataId(**TOKENS), config, inputs, outputs, str(folder)).perform(function)
    return {step.writes[n]: Path(p) for n, p in outputs.items()}, said


@pytest.mark.parametrize("gathers", [1, 0], ids=["empty", "none"])
@pytest.mark.parametrize("name", NAMES)
def test_nothing_gives_valid_products_that_say_why(name, gathers, tmp_path, caplog):
    caplog.set_level(logging.WARNING)
    made, said = perform(name, tmp_path, gathers)
    for dataset, path in made.items():
        if DATASETS[dataset].container not in ("Ades", "Text", "Hats"):  # nothing reads these
            formats.read(DATASETS[dataset], path)
    if said == "empty product":
        why = caplog.messages[-1].partition(": empty: ")[2]
        assert why
        hats = {p: list(p.parent.rglob("*_metadata")) for p in made.values()}
        assert [
            p.name for p in made.values() if not any(why.encode() in f.read_bytes() for f in hats[p] or [p])
        ] == []
    else:
        assert name in {"report", "release_catalogs", "metrics"}  # what they tell is that there is nothing
