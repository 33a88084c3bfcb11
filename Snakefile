"""One campaign: every job from raw exposures to the report. See docs/running.md."""

from snakemake.utils import min_version
from gnomon.smk import WILDCARDS, Campaign

min_version("9.0")


if "campaign" not in config:

    configfile: "config/campaigns/demo.yaml"


campaign = Campaign(config)


wildcard_constraints:
    **WILDCARDS,


include: "rules/common.smk"
include: "rules/simulation.smk"
include: "rules/calib.smk"
include: "rules/visit.smk"
include: "rules/joint.smk"
include: "rules/coadd.smk"
include: "rules/object.smk"
include: "rules/diff.smk"
include: "rules/moving.smk"
include: "rules/release.smk"


rule all:
    default_target: True
    input:
        campaign.targets(),
