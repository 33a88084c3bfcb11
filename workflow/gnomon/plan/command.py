"""The command line of the planner."""

import argparse
import json
import logging
import sys
from collections.abc import Sequence

from pydantic import TypeAdapter

from gnomon.errors import ConfigError
from gnomon.pipeline.campaign import CampaignOptions
from gnomon.plan.make import make_plan, write_plan

log = logging.getLogger("gnomon")


def main(argv: Sequence[str] | None = None) -> None:
    """Make and write a plan; exit 2 after one sentence when it cannot be."""
    logging.basicConfig(level="INFO", format="%(levelname)s %(message)s", stream=sys.stderr)
    args = _parser().parse_args(argv)
    try:
        options = TypeAdapter(CampaignOptions).validate_python(json.loads(args.campaign))
        plan = make_plan(options)
        write_plan(options, plan)
    except ConfigError as error:
        log.error("plan: %s", error)
        raise SystemExit(2) from None
    for reject in plan.rejects:
        log.warning("plan: left out %s: %s", reject.path, reject.reason)
    patches = len(set(zip(plan.pairs.tract.tolist(), plan.pairs.patch.tolist(), strict=True)))
    log.info(
        "plan: %d science visits, %d patches, %d pairs of them", len(plan.science), patches, len(plan.pairs)
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gnomon.plan", description=__doc__)
    parser.add_argument("--campaign", required=True, help="options of the campaign, JSON, defaults filled in")
    return parser
