"""What all visits of a tract know together."""


rule isolated_stars:
    input:
        **campaign.reads("isolated_stars"),
        sources=of_visits("preliminary_source", visits_of_tract),
    output:
        **campaign.writes("isolated_stars"),
    log:
        campaign.log("isolated_stars"),
    benchmark:
        campaign.benchmark("isolated_stars")
    params:
        **campaign.params("isolated_stars"),
    resources:
        **campaign.resources("isolated_stars"),
    shell:
        campaign.command("isolated_stars")


rule fit_astrometry:
    input:
        **campaign.reads("fit_astrometry"),
        summaries=of_visits("preliminary_summary", visits_of_tract),
        refcats=refcats_of_tract,
    output:
        **campaign.writes("fit_astrometry"),
    log:
        campaign.log("fit_astrometry"),
    benchmark:
        campaign.benchmark("fit_astrometry")
    params:
        **campaign.params("fit_astrometry"),
    resources:
        **campaign.resources("fit_astrometry"),
    shell:
        campaign.command("fit_astrometry")


rule fit_photometry:
    input:
        **campaign.reads("fit_photometry"),
        summaries=of_visits("preliminary_summary", visits_of_tract),
        refcats=refcats_of_tract,
    output:
        **campaign.writes("fit_photometry"),
    log:
        campaign.log("fit_photometry"),
    benchmark:
        campaign.benchmark("fit_photometry")
    params:
        **campaign.params("fit_photometry"),
    resources:
        **campaign.resources("fit_photometry"),
    shell:
        campaign.command("fit_photometry")


rule finalize_visit:
    input:
        **campaign.reads("finalize_visit"),
        astrometry=of_tracts("astrometry_fit", tracts_of_visit),
        photometry=of_tracts("photometry_fit", tracts_of_visit),
        stars=of_tracts("isolated_star", tracts_of_visit),
    output:
        **campaign.writes("finalize_visit"),
    log:
        campaign.log("finalize_visit"),
    benchmark:
        campaign.benchmark("finalize_visit")
    params:
        **campaign.params("finalize_visit"),
    resources:
        **campaign.resources("finalize_visit"),
    shell:
        campaign.command("finalize_visit")


rule check_joint:
    input:
        **campaign.reads("check_joint"),
        stars=truth_of("truth_stars"),
        galaxies=truth_of("truth_galaxies"),
    output:
        **campaign.writes("check_joint"),
    log:
        campaign.log("check_joint"),
    benchmark:
        campaign.benchmark("check_joint")
    params:
        **campaign.params("check_joint"),
    resources:
        **campaign.resources("check_joint"),
    shell:
        campaign.command("check_joint")
