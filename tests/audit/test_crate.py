"""What RO-Crate 1.1 and its profiles require of a crate (every MUST that applies to one without parameters or times).

Sources: the specifications that `gnomon.audit.crate` names. Their validator (roc-validator) brings an RDF stack with it
and wants a network, so the requirements are said here again, over the crate as it was written.
"""

import json
import sys
from datetime import date
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from release import release

from gnomon.audit.crate import write_crate
from gnomon.audit.manifest import manifest_of

PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5",
    "https://w3id.org/ro/wfrun/workflow/0.5",
    "https://w3id.org/ro/wfrun/provenance/0.5",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0",
}
TOOLS = {"SoftwareApplication", "SoftwareSourceCode", "ComputationalWorkflow"}


@pytest.fixture(scope="module")
def crate(tmp_path_factory):
    root = release(tmp_path_factory.mktemp("crate") / "run")
    write_crate(root / "ro-crate-metadata.json", manifest_of(root), "2026-11-22")
    return root, json.loads((root / "ro-crate-metadata.json").read_text())


@pytest.fixture(scope="module")
def graph(crate):
    return {e["@id"]: e for e in crate[1]["@graph"]}


def types(entity):
    return set(entity["@type"] if isinstance(entity["@type"], list) else [entity["@type"]])


def of(entity, name):
    """Identifiers that a property refers to."""
    value = entity.get(name, [])
    return [v["@id"] for v in (value if isinstance(value, list) else [value])]


def every(graph, kind):
    return [e for e in graph.values() if kind in types(e)]


def test_it_is_flat_json_ld_with_the_context_of_its_version(crate, graph):
    assert set(crate[1]) == {"@context", "@graph"}
    assert "https://w3id.org/ro/crate/1.1/context" in crate[1]["@context"]
    assert len(graph) == len(crate[1]["@graph"])  # each identifier once
    for entity in graph.values():
        assert types(entity)
        nested = [
            v for p in entity.values() for v in (p if isinstance(p, list) else [p]) if isinstance(v, dict)
        ]
        assert all(set(v) == {"@id"} for v in nested)


def test_the_descriptor_is_about_the_root(graph):
    descriptor, root = graph["ro-crate-metadata.json"], graph["./"]
    assert types(descriptor) == {"CreativeWork"}
    assert of(descriptor, "about") == ["./"]
    assert of(descriptor, "conformsTo") == ["https://w3id.org/ro/crate/1.1"]
    assert types(root) == {"Dataset"}
    assert root["name"] and root["description"] and of(root, "license")
    date.fromisoformat(root["datePublished"])


def test_the_root_names_its_profiles_as_works(graph):
    assert set(of(graph["./"], "conformsTo")) == PROFILES
    assert all("CreativeWork" in types(graph[p]) for p in PROFILES)


def test_files_are_in_the_crate_and_part_of_the_root(crate, graph):
    for entity in every(graph, "File"):
        assert entity["@id"] in of(graph["./"], "hasPart")
        assert (crate[0] / entity["@id"]).is_file()


def test_what_is_referred_to_is_told_of(graph):
    links = [(e, p) for e in graph.values() for p in e if p != "@type" and isinstance(e[p], dict | list)]
    named = {name for entity, p in links for name in of(entity, p)}
    assert {n for n in named if not n.startswith("https://")} <= set(graph)


def test_the_main_entity_is_a_workflow_in_a_language_with_tools_and_steps(graph):
    (main,) = of(graph["./"], "mainEntity")
    workflow = graph[main]
    assert {"File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"} <= types(workflow)
    (language,) = of(workflow, "programmingLanguage")
    assert workflow["name"] and "ComputerLanguage" in types(graph[language])
    assert of(workflow, "hasPart") and all(TOOLS & types(graph[t]) for t in of(workflow, "hasPart"))


def test_steps_belong_to_the_workflow_and_name_their_tool(graph):
    (main,) = of(graph["./"], "mainEntity")
    steps = every(graph, "HowToStep")
    assert {s["@id"] for s in steps} == set(of(graph[main], "step"))
    for step in steps:
        assert isinstance(step["position"], int)
        assert set(of(step, "workExample")) <= set(of(graph[main], "hasPart"))


def test_actions_have_a_tool_and_every_tool_an_action(graph):
    actions = every(graph, "CreateAction")
    assert {a["@id"] for a in actions} == set(of(graph["./"], "mentions"))
    assert all(TOOLS & types(graph[t]) for a in actions for t in of(a, "instrument"))
    used = {t for a in actions for t in of(a, "instrument")}
    assert all(len(of(a, "instrument")) == 1 for a in actions)
    assert {t["@id"] for t in every(graph, "SoftwareApplication")} <= used
    assert of(graph["./"], "mainEntity")[0] in used  # the run of the workflow itself
