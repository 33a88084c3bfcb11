"""What is known of each object."""


rule detect_objects:
    input:
        **campaign.reads("detect_objects"),
        coadds=deep_coadds_of_patch,
    output:
        **campaign.writes("detect_objects"),
    log:
        campaign.log("detect_objects"),
    benchmark:
        campaign.benchmark("detect_objects")
    params:
        **campaign.params("detect_objects"),
    resources:
        **campaign.resources("detect_objects"),
    shell:
        campaign.command("detect_objects")


rule measure:
    input:
        **campaign.reads("measure"),
        coadds=deep_coadds_of_patch,
    output:
        **campaign.writes("measure"),
    log:
        campaign.log("measure"),
    benchmark:
        campaign.benchmark("measure")
    params:
        **campaign.params("measure"),
    resources:
        **campaign.resources("measure"),
    shell:
        campaign.command("measure")


rule shear:
    input:
        **campaign.reads("shear"),
        coadds=deep_coadds_of_patch,
    output:
        **campaign.writes("shear"),
    log:
        campaign.log("shear"),
    benchmark:
        campaign.benchmark("shear")
    params:
        **campaign.params("shear"),
    resources:
        **campaign.resources("shear"),
    shell:
        campaign.command("shear")


rule mass_map:
    input:
        **campaign.reads("mass_map"),
        shears=of_patches("shear_object", patches_of_tract),
    output:
        **campaign.writes("mass_map"),
    log:
        campaign.log("mass_map"),
    benchmark:
        campaign.benchmark("mass_map")
    params:
        **campaign.params("mass_map"),
    resources:
        **campaign.resources("mass_map"),
    shell:
        campaign.command("mass_map")


rule forced_source:
    input:
        **campaign.reads("forced_source"),
        objects=of_patches("object", patches_of_visit),
    output:
        **campaign.writes("forced_source"),
    log:
        campaign.log("forced_source"),
    benchmark:
        campaign.benchmark("forced_source")
    params:
        **campaign.params("forced_source"),
    resources:
        **campaign.resources("forced_source"),
    shell:
        campaign.command("forced_source")


rule motion:
    input:
        **campaign.reads("motion"),
    output:
        **campaign.writes("motion"),
    log:
        campaign.log("motion"),
    benchmark:
        campaign.benchmark("motion")
    params:
        **campaign.params("motion"),
    resources:
        **campaign.resources("motion"),
    shell:
        campaign.command("motion")


rule train_photoz:
    input:
        **campaign.reads("train_photoz"),
        objects=all_of("object"),
        redshifts=truth_of("spec_z"),
    output:
        **campaign.writes("train_photoz"),
    log:
        campaign.log("train_photoz"),
    benchmark:
        campaign.benchmark("train_photoz")
    params:
        **campaign.params("train_photoz"),
    resources:
        **campaign.resources("train_photoz"),
    shell:
        campaign.command("train_photoz")


rule photoz:
    input:
        **campaign.reads("photoz"),
    output:
        **campaign.writes("photoz"),
    log:
        campaign.log("photoz"),
    benchmark:
        campaign.benchmark("photoz")
    params:
        **campaign.params("photoz"),
    resources:
        **campaign.resources("photoz"),
    shell:
        campaign.command("photoz")


rule variability:
    input:
        **campaign.reads("variability"),
        forced=of_visits("forced_source", visits_of_patch),
    output:
        **campaign.writes("variability"),
    log:
        campaign.log("variability"),
    benchmark:
        campaign.benchmark("variability")
    params:
        **campaign.params("variability"),
    resources:
        **campaign.resources("variability"),
    shell:
        campaign.command("variability")
