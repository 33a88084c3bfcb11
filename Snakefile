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


onstart:
    if workflow.local_exec:
        campaign.start_forkserver()
        # The limit on jobs a second looks at all ready jobs again every second, once more for each job that has ended.
        workflow.scheduler.job_rate_limiter = None


rule manifest:
    input:
        targets_of_campaign,
    output:
        campaign.path("manifest"),
    log:
        f"{campaign.root}/log/manifest.log",
    shell:
        f"python scripts/manifest.py --root {campaign.root} > {{log}} 2>&1"


rule all:
    default_target: True
    input:
        targets_of_campaign,
        manifest_of,
