"""Every step has one module, one script, one rule and one test; nothing else lies about."""

import ast
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gnomon.datamodel import DATASETS, DIMENSIONS
from gnomon.generate import generated
from gnomon.pipeline import STEPS
from gnomon.pipeline.step import dataset_of
from gnomon.schemas import schema

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "workflow" / "gnomon"
TOOLS = {"plan", "prompt", "ingest", "build_refcat", "fetch_refcat", "fetch_exposures"}
TOOLS |= {"manifest", "audit", "explain", "compare", "fit_costs"}
"""Scripts for people that are no steps."""


def stems(folder):
    return {p.stem for p in (ROOT / folder).glob("*.py")} - {"__init__"}


def rule_bodies():
    text = "\n".join(p.read_text() for p in sorted((ROOT / "rules").glob("*.smk")))
    return dict(re.findall(r"^rule (\w+):\n((?:    .*\n|\n)+)", text, re.MULTILINE))


def test_every_step_has_a_script():
    assert stems("scripts") - TOOLS == set(STEPS)


def test_every_step_has_a_module():
    assert stems("workflow/gnomon/steps") == set(STEPS)


def test_every_step_has_a_rule():
    assert set(rule_bodies()) == set(STEPS)


def test_every_step_has_a_test():
    assert {p.stem.removeprefix("test_") for p in (ROOT / "tests/steps").glob("test_*.py")} >= set(STEPS)


def test_every_step_is_told_of_in_the_docs():
    told = "\n".join(p.read_text() for p in (ROOT / "docs").glob("*.md"))
    assert [n for n in STEPS if f"`{n}`" not in told] == []


def test_scripts_only_start_their_step():
    for name in STEPS:
        script = f'from gnomon.start import main\n\nif __name__ == "__main__":\n    main("{name}")\n'
        assert (ROOT / f"scripts/{name}.py").read_text() == script


def test_rules_have_the_same_parts_in_the_same_order():
    order = ["input", "output", "log", "benchmark", "threads", "params", "resources", "shell"]
    for name, body in rule_bodies().items():
        parts = re.findall(r"^    (\w+):", body, re.MULTILINE)
        assert parts == [p for p in order if p in parts], name
        assert {"output", "log", "benchmark", "params", "resources", "shell"} <= set(parts), name


def test_every_wildcard_is_a_dimension():
    for dataset in DATASETS.values():
        assert set(dataset.dimensions) <= set(DIMENSIONS), dataset.name


def test_every_dataset_has_at_most_one_writer_and_none_is_idle():
    made = [d for s in STEPS.values() for d in s.writes.values()]
    assert len(made) == len(set(made))
    read = {dataset_of(w) for s in STEPS.values() for w in s.reads.values()}
    external = {d.name for d in DATASETS.values() if d.external or d.planned}
    assert read - set(made) <= external
    assert set(DATASETS) == set(made) | external


def test_signatures_follow_declarations():
    for name, step in STEPS.items():
        function = getattr(importlib.import_module(f"gnomon.steps.{name}"), name)
        shared = ["over"] if step.mpi else []
        assert list(inspect.signature(function).parameters) == [*step.reads, "data_id", "config", *shared], (
            name
        )


def test_config_dataclasses_are_frozen_and_small():
    for name, step in STEPS.items():
        assert step.config.__dataclass_params__.frozen, name
        assert len(step.config.__dataclass_fields__) <= 12, name


def test_snakefile_side_stays_light():
    code = "import sys, gnomon.smk; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"astropy", "scipy", "galsim", "matplotlib", "numpy", "pyarrow", "gnomon.kernels", "h5py"}
    assert not heavy & set(done.stdout.split())


@pytest.mark.parametrize("name", sorted({d.schema for d in DATASETS.values() if d.schema}))
def test_schemas_are_complete(name):
    columns = schema(name)
    assert len({c.name for c in columns}) == len(columns)
    assert all(c.doc for c in columns)


@pytest.mark.parametrize("path", sorted(generated()))
def test_generated_files_are_in_sync(path):
    assert (ROOT / path).read_text() == generated()[path], "run `make generated`"


def functions(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            doc = ast.get_docstring(node, clean=False) or ""
            yield node.name, node.end_lineno - node.lineno + 1 - len(doc.splitlines())


def test_functions_and_modules_stay_small():
    lengths = []
    for path in PACKAGE.rglob("*.py"):
        assert len(path.read_text().splitlines()) <= 400, path
        lengths += [(n, f"{path.relative_to(PACKAGE)}:{name}") for name, n in functions(path)]
    counts = sorted(n for n, _ in lengths)
    assert [where for n, where in lengths if n > 60] == []
    assert counts[len(counts) // 2] <= 8
    assert counts[9 * len(counts) // 10] <= 30


def test_nothing_prints_or_catches_everything():
    for path in PACKAGE.rglob("*.py"):
        assert "except Exception" not in path.read_text(), path
