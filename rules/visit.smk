"""From raw exposures to calibrated images and sources."""


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
