"""Moving objects: night by night, from yesterday's orbits to today's."""


rule known_orbits:
    input:
        **campaign.reads("known_orbits"),
        asteroids=simulated_asteroids_of,
        mpcorb=mpcorb_of,
    output:
        **campaign.writes("known_orbits"),
    log:
        campaign.log("known_orbits"),
    benchmark:
        campaign.benchmark("known_orbits")
    params:
        **campaign.params("known_orbits"),
    resources:
        **campaign.resources("known_orbits"),
    shell:
        campaign.command("known_orbits")


rule ephemerides:
    input:
        **campaign.reads("ephemerides"),
        summaries=of_visits("visit_summary", visits_of_night),
        known=known_orbits_of,
        before=catalog_before,
    output:
        **campaign.writes("ephemerides"),
    log:
        campaign.log("ephemerides"),
    benchmark:
        campaign.benchmark("ephemerides")
    params:
        **campaign.params("ephemerides"),
    resources:
        **campaign.resources("ephemerides"),
    shell:
        campaign.command("ephemerides")


rule attribute:
    input:
        **campaign.reads("attribute"),
        sources=of_visits("dia_source", visits_of_night),
    output:
        **campaign.writes("attribute"),
    log:
        campaign.log("attribute"),
    benchmark:
        campaign.benchmark("attribute")
    params:
        **campaign.params("attribute"),
    resources:
        **campaign.resources("attribute"),
    shell:
        campaign.command("attribute")


rule tracklets:
    input:
        **campaign.reads("tracklets"),
        sources=of_visits("dia_source", visits_of_night),
    output:
        **campaign.writes("tracklets"),
    log:
        campaign.log("tracklets"),
    benchmark:
        campaign.benchmark("tracklets")
    params:
        **campaign.params("tracklets"),
    resources:
        **campaign.resources("tracklets"),
    shell:
        campaign.command("tracklets")


rule link:
    input:
        **campaign.reads("link"),
        tracklets=tracklets_of_window,
        linked=linkages_before,
    output:
        **campaign.writes("link"),
    log:
        campaign.log("link"),
    benchmark:
        campaign.benchmark("link")
    params:
        **campaign.params("link"),
    resources:
        **campaign.resources("link"),
    shell:
        campaign.command("link")


rule orbits:
    input:
        **campaign.reads("orbits"),
        known=known_orbits_of,
        before=catalog_before,
    output:
        **campaign.writes("orbits"),
    log:
        campaign.log("orbits"),
    benchmark:
        campaign.benchmark("orbits")
    params:
        **campaign.params("orbits"),
    resources:
        **campaign.resources("orbits"),
    shell:
        campaign.command("orbits")


rule orbit_catalog:
    input:
        **campaign.reads("orbit_catalog"),
        known=known_orbits_of,
        before=catalog_before,
    output:
        **campaign.writes("orbit_catalog"),
    log:
        campaign.log("orbit_catalog"),
    benchmark:
        campaign.benchmark("orbit_catalog")
    params:
        **campaign.params("orbit_catalog"),
    resources:
        **campaign.resources("orbit_catalog"),
    shell:
        campaign.command("orbit_catalog")


rule check_moving:
    input:
        **campaign.reads("check_moving"),
        truths=all_of("truth"),
        sources=all_of("dia_source"),
        visits=all_of("night_visit"),
        attributed=all_of("ss_source"),
        linked=all_of("linkage"),
        orbits=all_of("orbit_catalog"),
    output:
        **campaign.writes("check_moving"),
    log:
        campaign.log("check_moving"),
    benchmark:
        campaign.benchmark("check_moving")
    params:
        **campaign.params("check_moving"),
    resources:
        **campaign.resources("check_moving"),
    shell:
        campaign.command("check_moving")
