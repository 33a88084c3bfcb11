"""A release as a Workflow Run RO-Crate (RO-Crate 1.1, profile Provenance Run Crate 0.5).

Sources: https://w3id.org/ro/crate/1.1 and https://w3id.org/ro/wfrun/provenance/0.5. Every file is a File with its
hash, every job a CreateAction from its inputs to its outputs, every step a HowToStep of the workflow. Products hold
no clock, so actions have no times.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gnomon.containers.catalog import Catalog
from gnomon.datamodel import DATASETS
from gnomon.io.atomic import replacing
from gnomon.pipeline import STEPS
from gnomon.smk import PLAN_VERSION

_CONTEXT = ["https://w3id.org/ro/crate/1.1/context", "https://w3id.org/ro/terms/workflow-run/context"]
_PROFILES = (
    "https://w3id.org/ro/wfrun/process/0.5",
    "https://w3id.org/ro/wfrun/workflow/0.5",
    "https://w3id.org/ro/wfrun/provenance/0.5",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0",
)
_WORKFLOW = "Snakefile"
"""Main file of the workflow; a copy lies beside the crate."""
_STEPS = ("plan", *STEPS)
_LICENSE = "https://spdx.org/licenses/BSD-3-Clause"
_TYPES = {
    ".fits": "application/fits",
    ".hsp": "application/fits",
    ".parquet": "application/vnd.apache.parquet",
    ".h5": "application/x-hdf5",
    ".avro": "application/vnd.apache.avro",
    ".json": "application/json",
    ".html": "text/html",
    ".xml": "application/xml",
    ".png": "image/png",
}

Entity = dict[str, Any]


def write_crate(path: Path, manifest: Catalog, date: str = "") -> None:
    """Write ``ro-crate-metadata.json``, and the Snakefile beside it; both belong into the folder of the products.

    Parameters
    ----------
    path
        The file.
    manifest
        Schema `manifest`.
    date
        When the release is published; today without it.
    """
    with replacing(path.with_name(_WORKFLOW)) as temporary:
        temporary.write_text(Path(_WORKFLOW).read_text())
    graph = list(entities(manifest, date or datetime.now(UTC).date().isoformat()))
    with replacing(path) as temporary:
        temporary.write_text(json.dumps({"@context": _CONTEXT, "@graph": graph}, indent=1) + "\n")


def entities(manifest: Catalog, date: str) -> Iterator[Entity]:
    """Everything that the crate tells of, each with its @id."""
    rows = [dict(zip(manifest.columns, r, strict=True)) for r in zip(*manifest.columns.values(), strict=True)]
    actions = _actions(rows)
    outside = _outside(rows)
    files = [_ref(str(r["path"])) for r in rows] + [_ref(e["@id"]) for e in outside]
    yield _descriptor()
    yield _root(date, files, [_ref(a["@id"]) for a in actions])
    yield from (
        {"@id": p, "@type": "CreativeWork", "name": p.split("/")[-2], "version": "0.5"} for p in _PROFILES
    )
    ran = [s for s in _STEPS if s in {str(r["step"]) for r in rows}]
    yield _workflow(ran)
    yield {
        "@id": "#snakemake",
        "@type": "ComputerLanguage",
        "name": "Snakemake",
        "url": "https://snakemake.github.io",
    }
    for position, step in enumerate(ran, 1):
        yield {
            "@id": f"#step-{step}",
            "@type": "HowToStep",
            "position": position,
            "workExample": _ref(f"#tool-{step}"),
        }
        yield {
            "@id": f"#tool-{step}",
            "@type": "SoftwareApplication",
            "name": step,
            "version": STEPS[step].version if step in STEPS else PLAN_VERSION,
        }
    yield from (_file(r) for r in rows)
    yield from outside
    yield from actions
    yield _campaign_action(rows, actions)


def _descriptor() -> Entity:
    return {
        "@id": "ro-crate-metadata.json",
        "@type": "CreativeWork",
        "about": _ref("./"),
        "conformsTo": [_ref("https://w3id.org/ro/crate/1.1")],
    }


def _root(date: str, files: list[Entity], actions: list[Entity]) -> Entity:
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": "Release of a gnomon campaign",
        "description": "Calibrated images, coadds and catalogues with everything they were made from.",
        "datePublished": date,
        "license": _ref(_LICENSE),
        "conformsTo": [_ref(p) for p in _PROFILES],
        "hasPart": [_ref(_WORKFLOW), *files],
        "mainEntity": _ref(_WORKFLOW),
        "mentions": [_ref("#campaign"), *actions],
    }


def _workflow(ran: list[str]) -> Entity:
    return {
        "@id": _WORKFLOW,
        "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
        "name": "gnomon",
        "programmingLanguage": _ref("#snakemake"),
        "hasPart": [_ref(f"#tool-{s}") for s in ran],
        "step": [_ref(f"#step-{s}") for s in ran],
    }


def _file(row: Entity) -> Entity:
    path = str(row["path"])
    known = {"encodingFormat": _TYPES[Path(path).suffix]} if Path(path).suffix in _TYPES else {}
    return {
        "@id": path,
        "@type": "File",
        "name": path,
        "description": DATASETS[str(row["dataset"])].doc,
        "contentSize": str(row["bytes"]),
        "sha256": str(row["sha256"]),
        **known,
    }


def _outside(rows: list[Entity]) -> list[Entity]:
    """Inputs that lie elsewhere: exposures, reference shards, the instrument's file."""
    inside = {str(r["path"]) for r in rows}
    found = {n: d for r in rows for n, d in json.loads(r["parents"]).items() if n not in inside}
    return [
        {"@id": f"#outside/{n}", "@type": "CreativeWork", "name": n, "sha256": d}
        for n, d in sorted(found.items())
    ]


def _actions(rows: list[Entity]) -> list[Entity]:
    """One for every job: products of one step from the same inputs and options, named by the same data id."""
    inside = {str(r["path"]) for r in rows}
    jobs: dict[str, list[Entity]] = {}
    for row in rows:
        if row["step"]:
            jobs.setdefault(_job(row), []).append(row)
    return [_action(name, made, inside) for name, made in sorted(jobs.items())]


def _job(row: Entity) -> str:
    """Step and a digest of what it was given."""
    told = json.dumps([int(row["version"]), row["config"], row["parents"], Path(str(row["path"])).stem])
    whole = (
        told if row["parents"] == "{}" else json.dumps([int(row["version"]), row["config"], row["parents"]])
    )
    return f"{row['step']}-{hashlib.sha256(whole.encode()).hexdigest()[:16]}"


def _action(name: str, made: list[Entity], inside: set[str]) -> Entity:
    parents = json.loads(made[0]["parents"])
    return {
        "@id": f"#job-{name}",
        "@type": "CreateAction",
        "name": f"{made[0]['step']} of {made[0]['path']}",
        "instrument": _ref(f"#tool-{made[0]['step']}"),
        "object": [_ref(n if n in inside else f"#outside/{n}") for n in parents],
        "result": [_ref(str(r["path"])) for r in made],
        "description": f"options {made[0]['config']}",
    }


def _campaign_action(rows: list[Entity], actions: list[Entity]) -> Entity:
    outputs = [_ref(str(r["path"])) for r in rows if str(r["path"]).startswith("release/")]
    return {
        "@id": "#campaign",
        "@type": "CreateAction",
        "name": "the campaign",
        "instrument": _ref(_WORKFLOW),
        "result": outputs,
        "object": [_ref(a["@id"]) for a in actions if not a["object"]],
    }


def _ref(name: str) -> Entity:
    return {"@id": name}
