"""From raw exposures to calibrated images and sources."""


rule isr:
    input:
        **campaign.reads("isr"),
        raw=raws_of,
        bias=master_bias_of,
        dark=master_dark_of,
        flat=master_flat_of,
        defects=defects_of,
    output:
        **campaign.writes("isr"),
    log:
        campaign.log("isr"),
    benchmark:
        campaign.benchmark("isr")
    params:
        **campaign.params("isr"),
    resources:
        **campaign.resources("isr"),
    shell:
        campaign.command("isr")


rule visit_figure:
    input:
        **campaign.reads("visit_figure"),
    output:
        **campaign.writes("visit_figure"),
    log:
        campaign.log("visit_figure"),
    benchmark:
        campaign.benchmark("visit_figure")
    params:
        **campaign.params("visit_figure"),
    resources:
        **campaign.resources("visit_figure"),
    shell:
        campaign.command("visit_figure")


rule calibrate_visit:
    input:
        **campaign.reads("calibrate_visit"),
        refcats=refcats_of,
    output:
        **campaign.writes("calibrate_visit"),
    log:
        campaign.log("calibrate_visit"),
    benchmark:
        campaign.benchmark("calibrate_visit")
    params:
        **campaign.params("calibrate_visit"),
    resources:
        **campaign.resources("calibrate_visit"),
    shell:
        campaign.command("calibrate_visit")
