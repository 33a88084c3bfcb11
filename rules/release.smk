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


rule check_objects:
    input:
        **campaign.reads("check_objects"),
        sources=of_visits("truth", visits_of_patch),
        detectors=of_visits("truth_detector", visits_of_patch),
        coadds=deep_coadds_of_patch,
    output:
        **campaign.writes("check_objects"),
    log:
        campaign.log("check_objects"),
    benchmark:
        campaign.benchmark("check_objects")
    params:
        **campaign.params("check_objects"),
    resources:
        **campaign.resources("check_objects"),
    shell:
        campaign.command("check_objects")


rule check_derived:
    input:
        **campaign.reads("check_derived"),
        objects=of_patches("object", patches_of_tract),
        photoz=of_patches("photoz", patches_of_tract),
        variability=of_patches("variability", patches_of_tract),
        redshifts=truth_of("spec_z"),
    output:
        **campaign.writes("check_derived"),
    log:
        campaign.log("check_derived"),
    benchmark:
        campaign.benchmark("check_derived")
    params:
        **campaign.params("check_derived"),
    resources:
        **campaign.resources("check_derived"),
    shell:
        campaign.command("check_derived")


rule metrics:
    input:
        **campaign.reads("metrics"),
        summaries=all_of("visit_summary"),
        checks=truth_of("visit_check"),
        joint=all_of("joint_check"),
        objects=truth_of("object_check"),
        derived=truth_of("derived_check"),
        moving=truth_of("moving_score"),
        changes=truth_of("transient_check"),
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
        patches=all_of("patch_figure"),
        selections=all_of("coadd_selection"),
        depths=all_of("property_figure"),
        masses=all_of("mass_map"),
        stars=truth_of("truth_stars"),
        galaxies=truth_of("truth_galaxies"),
        sources=all_of("source"),
        star_sources=all_of("isolated_star_source"),
        objects=all_of("object"),
        redshifts=all_of("photoz"),
        spectra=truth_of("spec_z"),
        variability=all_of("variability"),
        forced=all_of("forced_source"),
        dia_sources=all_of("dia_source"),
        dia_objects=all_of("dia_object"),
        dia_associations=all_of("dia_association"),
        dia_forced=all_of("dia_forced_source"),
        alerts=all_of("alert"),
        attributed=all_of("ss_source"),
        tracklets=all_of("tracklet"),
        orbits=last_orbit_catalog,
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
        dia_sources=all_of("dia_source"),
        dia_objects=all_of("dia_object"),
        dia_associations=all_of("dia_association"),
        dia_forced=all_of("dia_forced_source"),
        attributed=all_of("ss_source"),
        orbits=last_orbit_catalog,
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
