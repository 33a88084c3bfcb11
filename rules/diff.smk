"""From difference images to objects that change."""


rule difference:
    input:
        **campaign.reads("difference"),
        coadds=template_coadds_of,
    output:
        **campaign.writes("difference"),
    log:
        campaign.log("difference"),
    benchmark:
        campaign.benchmark("difference")
    params:
        **campaign.params("difference"),
    resources:
        **campaign.resources("difference"),
    shell:
        campaign.command("difference")


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


rule alert:
    input:
        **campaign.reads("alert"),
        history=dia_sources_before,
        forced=dia_forced_sources_before,
        associations=dia_associations_of,
        attributed=ss_sources_of_visit,
        known=known_orbits_of,
        before=catalog_before,
    output:
        **campaign.writes("alert"),
    log:
        campaign.log("alert"),
    benchmark:
        campaign.benchmark("alert")
    params:
        **campaign.params("alert"),
    resources:
        **campaign.resources("alert"),
    shell:
        campaign.command("alert")
