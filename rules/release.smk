rule report:
    input:
        **campaign.reads("report"),
        summaries=summaries_of,
        figures=figures_of,
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
