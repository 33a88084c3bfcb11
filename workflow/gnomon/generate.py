"""Files and pages made from the code: default config, its JSON schema, the reference pages of docs/."""

import json
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter

from gnomon import flags
from gnomon.datamodel import DATASETS, DIMENSIONS
from gnomon.pipeline import STEPS
from gnomon.pipeline.campaign import CampaignOptions
from gnomon.pipeline.step import Many, dataset_of
from gnomon.schemas import schema

_NOTE = "made by `make generated`; do not edit"


def generated() -> dict[str, str]:
    """Text of every generated file by its path."""
    return {
        "config/default.yaml": f"# {_NOTE}\n" + yaml.safe_dump(_defaults(), sort_keys=False, width=110),
        "config/schema.json": json.dumps(_json_schema(), indent=1) + "\n",
        "docs/reference/config.md": _page("Configuration", _config_lines()),
        "docs/reference/datamodel.md": _page("Data model", _datamodel_lines()),
        "docs/reference/flags.md": _page("Masks and flags", _flag_lines()),
    }


def main() -> None:
    """Write them all."""
    for path, text in generated().items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text)


def _defaults() -> dict[str, Any]:
    steps = {n: _plain(TypeAdapter(s.config).dump_python(s.config(), mode="json")) for n, s in STEPS.items()}
    given = {f.name: _default(f) for f in fields(CampaignOptions) if f.name != "steps"}
    return {**_plain(given), "steps": steps}


def _plain(value: Any) -> Any:  # noqa: ANN401
    return json.loads(json.dumps(value))


def _default(option: Field[Any]) -> Any:  # noqa: ANN401
    if option.default_factory is not MISSING:
        made = option.default_factory()
        return TypeAdapter(type(made)).dump_python(made, mode="json")
    return "" if option.default is MISSING else option.default


def _json_schema() -> dict[str, Any]:
    whole = TypeAdapter(CampaignOptions).json_schema()
    steps = {n: TypeAdapter(s.config).json_schema() for n, s in STEPS.items()}
    whole["properties"]["steps"] = {"type": "object", "properties": steps, "additionalProperties": False}
    return whole


def _config_lines() -> Iterator[str]:
    yield "Three layers, each over the one before: the defaults below, the `steps` of the instrument's"
    yield "file in `config/instruments`, the campaign's file in `config/campaigns`."
    yield from ("", "## Campaign", "", *_option_table(CampaignOptions))
    for name, step in STEPS.items():
        yield from ("", f"## steps.{name}", "", *_option_table(step.config))


def _option_table(config: type) -> Iterator[str]:
    described = TypeAdapter(config).json_schema()["properties"]
    if not described:
        yield "No options."
        return
    yield from ("| option | default | bounds | meaning |", "|---|---|---|---|")
    for option in fields(config):
        facts = described[option.name]
        default = json.dumps(_plain(_default(option))) if _has_default(option) else "required"
        yield f"| `{option.name}` | `{default}` | {_bounds(facts)} | {facts.get('description', '')} |"


def _has_default(option: Field[Any]) -> bool:
    return option.default is not MISSING or option.default_factory is not MISSING


def _bounds(facts: dict[str, Any]) -> str:
    names = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    limits = [f"{sign} {facts[key]}" for key, sign in names.items() if key in facts]
    return ", ".join(limits or [", ".join(str(v) for v in facts.get("enum", []))])


def _datamodel_lines() -> Iterator[str]:
    yield from ("## Dimensions", "", "| dimension | token | meaning |", "|---|---|---|")
    for dimension in DIMENSIONS.values():
        yield f"| {dimension.name} | `{dimension.pattern}` | {dimension.doc} |"
    yield from (
        "",
        "## Dataset types",
        "",
        "| name | path below the root | made by | read by | content |",
        "|---|---|---|---|---|",
    )
    for dataset in DATASETS.values():
        maker = [n for n, s in STEPS.items() if dataset.name in s.writes.values()]
        users = [n for n, s in STEPS.items() if dataset.name in map(dataset_of, s.reads.values())]
        columns = f" [Columns](#{dataset.schema})" if dataset.schema else ""
        made = ", ".join(maker) or "input"
        yield f"| {dataset.name} | `{dataset.template}` | {made} | {', '.join(users)} | {dataset.doc}{columns} |"
    yield from (
        "",
        "## Steps",
        "",
        "| step | job for each | reads | writes | version |",
        "|---|---|---|---|---|",
    )
    for step in STEPS.values():
        reads = ", ".join(f"{w.dataset} (many)" if isinstance(w, Many) else w for w in step.reads.values())
        grain = ", ".join(step.dimensions) or "campaign"
        yield f"| {step.name} | {grain} | {reads} | {', '.join(step.writes.values())} | {step.version} |"
    for name in sorted({d.schema for d in DATASETS.values() if d.schema}):
        yield from (
            "",
            f"## {name}",
            "",
            "| column | type | unit | UCD | null | meaning |",
            "|---|---|---|---|---|---|",
        )
        for c in schema(name):
            yield f"| {c.name} | {c.dtype} | {c.unit} | {c.ucd} | {'yes' if c.null else ''} | {c.doc} |"


def _flag_lines() -> Iterator[str]:
    tables = {
        k: v for k, v in vars(flags).items() if isinstance(v, tuple) and v and isinstance(v[0], flags.Flag)
    }
    for name, table in tables.items():
        yield from ("", f"## {name}", "", "| bit | name | meaning |", "|---|---|---|")
        for flag in table:
            yield f"| {flag.bit} | {flag.name} | {flag.doc} |"


def _page(title: str, lines: Iterator[str]) -> str:
    return "\n".join([f"# {title}", "", f"*{_NOTE}*", "", *lines]) + "\n"


if __name__ == "__main__":
    main()
