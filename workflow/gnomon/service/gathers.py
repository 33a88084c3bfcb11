"""What the rules gather, asked for without Snakemake: the campaign's rules stay the one place that says it."""

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import CodeType
from typing import Any

from gnomon.smk import Campaign

_RULE = re.compile(r"^rule (\w+):\n((?:    .*\n|\n)+)", re.MULTILINE)
_INPUT = re.compile(r"^    input:\n((?:        .*\n)+)", re.MULTILINE)


class Wildcards(dict[str, str]):
    """Tokens by dimension, asked for by attribute as Snakemake's."""

    def __getattr__(self, name: str) -> str:
        if name not in self:
            raise AttributeError(name)
        return self[name]


class Gathers:
    """Inputs of any rule of a campaign.

    ``rules/common.smk`` is plain Python and is run as such; the ``input`` of a rule is what one would give to
    ``dict``. So a rule that is changed is changed here too.
    """

    def __init__(self, campaign: Campaign, rules: Path = Path("rules")) -> None:
        self._names: dict[str, Any] = {"campaign": campaign, "expand": expand}
        common = rules / "common.smk"
        exec(compile(common.read_text(), str(common), "exec"), self._names)  # our own rules
        text = "\n".join(p.read_text() for p in sorted(rules.glob("*.smk")))
        self._inputs = {name: _code(name, body) for name, body in _RULE.findall(text)}

    def inputs(self, rule: str, wildcards: Mapping[str, str]) -> dict[str, list[str]]:
        """Paths of every input of one job, by argument name, in the order in which Snakemake would give them."""
        given: Mapping[str, Any] = eval(self._inputs[rule], self._names)  # likewise
        tokens = Wildcards(wildcards)
        return {name: _paths(value, tokens) for name, value in given.items()}


def expand(template: str, **values: str | Sequence[str] | Mapping[str, Any]) -> list[str]:
    """The template with every combination of values, as Snakemake's function of that name."""
    lists = [[v] if isinstance(v, str) else list(v) for v in values.values()]
    return [template.format(**dict(zip(values, chosen, strict=True))) for chosen in itertools.product(*lists)]


def _code(name: str, body: str) -> CodeType:
    found = _INPUT.search(body)
    return compile(f"dict(\n{found.group(1) if found else ''})", f"input of rule {name}", "eval")


def _paths(value: str | Callable[[Wildcards], Any], wildcards: Wildcards) -> list[str]:
    found = value(wildcards) if callable(value) else value
    paths = [found] if isinstance(found, str) else list(found)
    return [p.format(**wildcards) for p in paths]
