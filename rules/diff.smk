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


rule train_reliability:
    input:
        **campaign.reads("train_reliability"),
        images=of_visits("difference_image", training_visits),
        templates=of_visits("template_image", training_visits),
        candidates=of_visits("dia_candidate", training_visits),
        others=of_visits("dia_candidate", visits_beside_training),
    output:
        **campaign.writes("train_reliability"),
    log:
        campaign.log("train_reliability"),
    benchmark:
        campaign.benchmark("train_reliability")
    params:
        **campaign.params("train_reliability"),
    resources:
        **campaign.resources("train_reliability"),
    shell:
        campaign.command("train_reliability")


rule score_dia_sources:
    input:
        **campaign.reads("score_dia_sources"),
    output:
        **campaign.writes("score_dia_sources"),
    log:
        campaign.log("score_dia_sources"),
    benchmark:
        campaign.benchmark("score_dia_sources")
    params:
        **campaign.params("score_dia_sources"),
    resources:
        **campaign.resources("score_dia_sources"),
    shell:
        campaign.command("score_dia_sources")


rule associate:
    input:
        **campaign.reads("associate"),
        sources=of_visits("dia_source", visits_of_patch),
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


rule dia_forced_source:
    input:
        **campaign.reads("dia_forced_source"),
        objects=of_patches("dia_object", patches_of_visit),
    output:
        **campaign.writes("dia_forced_source"),
    log:
        campaign.log("dia_forced_source"),
    benchmark:
        campaign.benchmark("dia_forced_source")
    params:
        **campaign.params("dia_forced_source"),
    resources:
        **campaign.resources("dia_forced_source"),
    shell:
        campaign.command("dia_forced_source")


rule alert:
    input:
        **campaign.reads("alert"),
        history=of_visits("dia_source", visits_before(YEAR)),
        forced=of_visits("dia_forced_source", visits_before(MONTH)),
        associations=of_patches("dia_association", patches_of_visit),
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


rule filter_alerts:
    input:
        **campaign.reads("filter_alerts"),
        alerts=of_visits("alert", visits_of_night),
    output:
        **campaign.writes("filter_alerts"),
    log:
        campaign.log("filter_alerts"),
    benchmark:
        campaign.benchmark("filter_alerts")
    params:
        **campaign.params("filter_alerts"),
    resources:
        **campaign.resources("filter_alerts"),
    shell:
        campaign.command("filter_alerts")


rule check_transients:
    input:
        **campaign.reads("check_transients"),
        truths=all_of("truth"),
        images=all_of("difference_image"),
        sources=all_of("dia_source"),
        objects=all_of("dia_object"),
    output:
        **campaign.writes("check_transients"),
    log:
        campaign.log("check_transients"),
    benchmark:
        campaign.benchmark("check_transients")
    params:
        **campaign.params("check_transients"),
    resources:
        **campaign.resources("check_transients"),
    shell:
        campaign.command("check_transients")
