"""A campaign slice by slice: each job is one run of Snakemake on one slice of the plan. See docs/slurm.md."""

from snakemake.utils import min_version
from gnomon.smk import Campaign

min_version("9.0")


if "campaign" not in config:

    configfile: "config/campaigns/demo.yaml"


campaign = Campaign(config)
slices = campaign.slices()
CAMPAIGN = campaign.write_config()


wildcard_constraints:
    slice=r"s\d+-[a-z0-9-]+",


rule all:
    default_target: True
    input:
        campaign.path("manifest"),


rule slice:
    input:
        lambda wildcards: campaign.marks(slices[wildcards.slice]["before"]),
    output:
        touch(campaign.mark),
    log:
        f"{campaign.root}/log/slice/{{slice}}.log",
    benchmark:
        f"{campaign.root}/benchmark/slice/{{slice}}.tsv"
    threads: 8
    params:
        content=lambda wildcards: slices[wildcards.slice]["content"],
        steps=lambda wildcards: slices[wildcards.slice]["steps"],
        config=CAMPAIGN,
    resources:
        profile="profiles/local",
        mem_mb=lambda wildcards, threads, attempt: campaign.slice_mem_mb(
            slices[wildcards.slice], threads, attempt
        ),
        runtime=lambda wildcards, threads, attempt: campaign.slice_runtime(
            slices[wildcards.slice], threads, attempt
        ),
    shell:
        "flock {output}.lock snakemake --profile {resources.profile} --cores {threads} --nolock"
        " --resources mem_mb={resources.mem_mb} --configfile {params.config}"
        " --config slice={wildcards.slice} --allowed-rules all {params.steps} > {log} 2>&1"


rule manifest:
    input:
        campaign.marks(slices),
    output:
        campaign.path("manifest"),
    log:
        f"{campaign.root}/log/manifest.log",
    shell:
        f"python scripts/manifest.py --root {campaign.root} > {{log}} 2>&1"
