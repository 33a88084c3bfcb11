"""From calibrated images to images of the sky."""


rule coadd:
    input:
        **campaign.reads("coadd"),
        summaries=summaries_of_coadd,
        images=images_of_coadd,
    output:
        **campaign.writes("coadd"),
    log:
        campaign.log("coadd"),
    benchmark:
        campaign.benchmark("coadd")
    params:
        **campaign.params("coadd"),
    resources:
        **campaign.resources("coadd"),
    shell:
        campaign.command("coadd")
