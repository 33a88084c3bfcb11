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


rule coadd_selection:
    input:
        **campaign.reads("coadd_selection"),
        coadds=coadds_of_tract(deep_and_templates),
    output:
        **campaign.writes("coadd_selection"),
    log:
        campaign.log("coadd_selection"),
    benchmark:
        campaign.benchmark("coadd_selection")
    params:
        **campaign.params("coadd_selection"),
    resources:
        **campaign.resources("coadd_selection"),
    shell:
        campaign.command("coadd_selection")


rule property_maps:
    input:
        **campaign.reads("property_maps"),
        summaries=of_visits("visit_summary", visits_of_tract),
        coadds=coadds_of_tract(deep_alone),
    output:
        **campaign.writes("property_maps"),
    log:
        campaign.log("property_maps"),
    benchmark:
        campaign.benchmark("property_maps")
    params:
        **campaign.params("property_maps"),
    resources:
        **campaign.resources("property_maps"),
    shell:
        campaign.command("property_maps")


rule randoms:
    input:
        **campaign.reads("randoms"),
    output:
        **campaign.writes("randoms"),
    log:
        campaign.log("randoms"),
    benchmark:
        campaign.benchmark("randoms")
    params:
        **campaign.params("randoms"),
    resources:
        **campaign.resources("randoms"),
    shell:
        campaign.command("randoms")
