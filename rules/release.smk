"""What a campaign ends with."""


rule check_visit:
    input:
        **campaign.reads("check_visit"),
    output:
        **campaign.writes("check_visit"),
    log:
        campaign.log("check_visit"),
    benchmark:
        campaign.benchmark("check_visit")
    params:
        **campaign.params("check_visit"),
    resources:
        **campaign.resources("check_visit"),
    shell:
        campaign.command("check_visit")


rule metrics:
    input:
        **campaign.reads("metrics"),
        summaries=all_of("visit_summary"),
        checks=checks_of,
        moving=moving_scores_of,
    output:
        **campaign.writes("metrics"),
    log:
        campaign.log("metrics"),
    benchmark:
        campaign.benchmark("metrics")
    params:
        **campaign.params("metrics"),
    resources:
        **campaign.resources("metrics"),
    shell:
        campaign.command("metrics")


rule report:
    input:
        **campaign.reads("report"),
        summaries=all_of("visit_summary"),
        figures=all_of("visit_figure"),
    output:
        **campaign.writes("report"),
    log:
        campaign.log("report"),
    benchmark:
        campaign.benchmark("report")
    params:
        **campaign.params("report"),
    resources:
        **campaign.resources("report"),
    shell:
        campaign.command("report")


rule release_catalogs:
    input:
        **campaign.reads("release_catalogs"),
        objects=all_of("object"),
        redshifts=all_of("photoz"),
        variability=all_of("variability"),
        motions=all_of("star_motion"),
        sources=all_of("source"),
        forced=all_of("forced_source"),
        summaries=all_of("visit_summary"),
    output:
        **campaign.writes("release_catalogs"),
    log:
        campaign.log("release_catalogs"),
    benchmark:
        campaign.benchmark("release_catalogs")
    params:
        **campaign.params("release_catalogs"),
    resources:
        **campaign.resources("release_catalogs"),
    shell:
        campaign.command("release_catalogs")
