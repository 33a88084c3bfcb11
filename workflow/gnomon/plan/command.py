"""The command line of the planner."""

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from pydantic import TypeAdapter

from gnomon.containers.catalog import Catalog
from gnomon.errors import ConfigError
from gnomon.pipeline.campaign import CampaignOptions
from gnomon.plan.chain import why
from gnomon.plan.changes import change, changed_steps, withdraw
from gnomon.plan.make import Plan, make_plan, write_plan
from gnomon.plan.tables import by_slice, by_step, reruns
from gnomon.smk import campaign_file, campaign_options

log = logging.getLogger("gnomon")


def main(argv: Sequence[str] | None = None) -> None:
    """Make and write a plan, answer a question about it; exit 2 after one sentence when it cannot be."""
    logging.basicConfig(level="INFO", format="%(levelname)s %(message)s", stream=sys.stderr)
    args = _parser().parse_args(argv)
    try:
        options = _options(args)
        plan = make_plan(options)
        counted = write_plan(options, plan)
        answer = "" if args.campaign else _answer(options, plan, counted, args)
    except ConfigError as error:
        log.error("plan: %s", error)
        raise SystemExit(2) from None
    _say(plan)
    sys.stdout.write(answer + "\n" if answer else "")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="plan", description="What a campaign will make, and at what cost.")
    given = parser.add_mutually_exclusive_group()
    given.add_argument("--configfile", default="config/campaigns/demo.yaml", help="campaign, YAML")
    given.add_argument("--campaign", help="the whole campaign as JSON; the plan is made and nothing printed")
    parser.add_argument("--config", nargs="*", default=[], metavar="KEY=VALUE", help="over the file's")
    asked = parser.add_mutually_exclusive_group()
    asked.add_argument(
        "--summary", "--cost", action="store_true", help="jobs and cost of every step (what is shown)"
    )
    asked.add_argument("--slices", action="store_true", help="jobs and cost of every slice")
    asked.add_argument("--slice", metavar="NAME", help="what one slice makes")
    asked.add_argument("--why", metavar="FILE", help="from what, and by which steps, a product is made")
    asked.add_argument(
        "--what-if", nargs="+", metavar="CHANGE", help="jobs touched by 'withdraw VISIT' or STEP.OPTION=VALUE"
    )
    return parser


def _options(args: argparse.Namespace) -> CampaignOptions:
    if args.campaign:
        return TypeAdapter(CampaignOptions).validate_python(json.loads(args.campaign))
    return campaign_options(campaign_file(args.configfile, args.config))


def _answer(options: CampaignOptions, plan: Plan, counted: Catalog, args: argparse.Namespace) -> str:
    if args.what_if:
        return _what_if(options, plan, args.what_if)
    if args.why:
        return why(args.why, options.instrument, plan.steps, plan.units)
    if args.slice:
        return _slice(options, args.slice)
    return by_slice(counted) if args.slices else by_step(counted, plan.steps)


def _slice(options: CampaignOptions, name: str) -> str:
    path = Path(options.root, "plan", "slices", f"{name}.json")
    if not path.is_file():
        known = [p.stem for p in sorted(path.parent.glob("*.json"))]
        raise ConfigError(f"there is no slice {name!r}; the first of {len(known)} is {known[0]!r}")
    return "\n".join(f"{options.root.rstrip('/')}/{p}" for p in json.loads(path.read_text())["targets"])


def _what_if(options: CampaignOptions, plan: Plan, words: Sequence[str]) -> str:
    units = plan.units
    if words[0] != "withdraw":
        return reruns(change(plan.steps, units, changed_steps(options, " ".join(words))))
    if len(words) != 2 or not words[1].isdigit():
        raise ConfigError(f"wanted withdraw VISIT, found {' '.join(words)!r}")
    return reruns(withdraw(plan.steps, units, int(words[1])))


def _say(plan: Plan) -> None:
    for reject in plan.rejects:
        log.warning("plan: left out %s: %s", reject.path, reject.reason)
    patches = len(set(zip(plan.pairs.tract.tolist(), plan.pairs.patch.tolist(), strict=True)))
    said = "plan: %d science visits, %d patches, %d pairs of a visit and a patch"
    log.info(said, len(plan.science), patches, len(plan.pairs))
