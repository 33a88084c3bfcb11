"""From calibrated images to images of the sky."""


rule coadd:
    input:
        **campaign.reads("coadd"),
        summaries=of_visits("visit_summary", visits_of_coadd),
        images=of_visits("calexp", visits_of_coadd),
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


rule patch_figure:
    input:
        **campaign.reads("patch_figure"),
        coadds=deep_coadds_of_patch,
    output:
        **campaign.writes("patch_figure"),
    log:
        campaign.log("patch_figure"),
    benchmark:
        campaign.benchmark("patch_figure")
    params:
        **campaign.params("patch_figure"),
    resources:
        **campaign.resources("patch_figure"),
    shell:
        campaign.command("patch_figure")


rule chi2_coadd:
    input:
        **campaign.reads("chi2_coadd"),
        coadds=deep_coadds_of_patch,
    output:
        **campaign.writes("chi2_coadd"),
    log:
        campaign.log("chi2_coadd"),
    benchmark:
        campaign.benchmark("chi2_coadd")
    params:
        **campaign.params("chi2_coadd"),
    resources:
        **campaign.resources("chi2_coadd"),
    shell:
        campaign.command("chi2_coadd")
