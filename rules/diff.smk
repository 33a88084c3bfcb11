"""From difference images to objects that change."""


rule associate:
    input:
        **campaign.reads("associate"),
        sources=dia_sources_of_patch,
    output:
        **campaign.writes("associate"),
    log:
        campaign.log("associate"),
    benchmark:
        campaign.benchmark("associate")
    params:
        **campaign.params("associate"),
    resources:
        **campaign.resources("associate"),
    shell:
        campaign.command("associate")
