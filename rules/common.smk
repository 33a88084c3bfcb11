"""Which files a gather gathers. Each name says what it returns; the plan says which there are."""

import os
from bisect import bisect_right
from datetime import date


def targets_of_campaign(wildcards):
    return campaign.targets()


def manifest_of(wildcards):
    """The manifest of a whole campaign; a slice has none."""
    return [] if campaign.options.slice else [campaign.path("manifest")]


def all_of(dataset):
    """A gather of every file of a dataset type that the plan has."""
    return lambda wildcards: campaign.every(dataset)


def truth_of(dataset):
    """A gather of what the simulator knows; of nothing for a real survey."""
    return lambda wildcards: [] if campaign.options.data else campaign.every(dataset)


def raws_of(wildcards):
    """Raw files of one exposure: the files ingested, or the simulated one."""
    exposures = {**campaign.graph["visits"], **campaign.graph["exposures"]}
    return exposures[wildcards.visit]["raws"] or campaign.path("raw")


def raws_of_all(visits):
    """Raw files of several exposures, in order."""
    exposures = campaign.graph["exposures"]
    made = campaign.path("raw")
    return [f for v in visits for f in exposures[v]["raws"] or [made.format(visit=v)]]


def biases_of(wildcards):
    return raws_of_all(campaign.graph["bias"])


def darks_of(wildcards):
    return raws_of_all(campaign.graph["dark"])


def flats_of(wildcards):
    return raws_of_all(campaign.graph["flat"].get(wildcards.band, []))


def refcats_of(wildcards):
    """Reference shards near one visit."""
    if not campaign.options.data:
        return campaign.path("simulated_refcat")
    shards = campaign.graph["visits"][wildcards.visit]["shards"]
    return expand(f"{campaign.options.refcat}/{{shard}}.h5", shard=shards)


def checks_of(wildcards):
    """Comparisons with the truth, where there is one."""
    visits = [] if campaign.options.data else campaign.graph["visits"]
    return expand(campaign.path("visit_check"), visit=visits)


def places_of_all():
    """Tract and patch of every patch of the campaign."""
    places = [place.split(os.sep) for place in campaign.graph["patches"]]
    return [{"tract": t, "patch": p} for t, p in places]


def object_checks_of(wildcards):
    """Comparisons of the objects with the truth, where there is one."""
    places = [] if campaign.options.data else places_of_all()
    return [campaign.path("object_check").format(**p) for p in places]


def derived_checks_of(wildcards):
    tracts = [] if campaign.options.data else campaign.graph["tracts"]
    return expand(campaign.path("derived_check"), tract=tracts)


def of_tract(dataset, tract):
    """The files of a dataset type for every patch of a tract."""
    places = [p for p in places_of_all() if p["tract"] == tract]
    return [campaign.path(dataset).format(**p) for p in places]


def objects_of_tract(wildcards):
    return of_tract("object", wildcards.tract)


def shears_of_tract(wildcards):
    return of_tract("shear_object", wildcards.tract)


def photoz_of_tract(wildcards):
    return of_tract("photoz", wildcards.tract)


def variability_of_tract(wildcards):
    return of_tract("variability", wildcards.tract)


def moving_scores_of(wildcards):
    """Moving objects beside their truth, where there is one."""
    return [] if campaign.options.data else [campaign.path("moving_score")]


def transient_checks_of(wildcards):
    """Differences beside their truth, where there is one."""
    return [] if campaign.options.data else [campaign.path("transient_check")]


def master_bias_of(wildcards):
    """The master bias, where there are bias exposures."""
    return [campaign.path("master_bias")] if campaign.graph["bias"] else []


def master_dark_of(wildcards):
    return [campaign.path("master_dark")] if campaign.graph["dark"] else []


def master_flats_of(wildcards):
    return expand(campaign.path("master_flat"), band=campaign.graph["flat"])


def master_flat_of(wildcards):
    """The master flat of a visit's band, where there are flats in it."""
    band = campaign.graph["visits"][wildcards.visit]["band"]
    return expand(
        campaign.path("master_flat"),
        band=[b for b in campaign.graph["flat"] if b == band],
    )


def defects_of(wildcards):
    frames = campaign.graph["dark"] or campaign.graph["flat"]
    return [campaign.path("defects")] if frames else []


def visits_of_tract(wildcards):
    """Visits that touch a tract, in order."""
    places = campaign.graph["patches"]
    mine = [
        bands
        for place, bands in places.items()
        if place.startswith(f"{wildcards.tract}/")
    ]
    return sorted({v for bands in mine for some in bands.values() for v in some})


def sources_of_tract(wildcards):
    visits = visits_of_tract(wildcards)
    return expand(campaign.path("preliminary_source"), visit=visits)


def summaries_of_tract(wildcards):
    visits = visits_of_tract(wildcards)
    return expand(campaign.path("preliminary_summary"), visit=visits)


def refcats_of_tract(wildcards):
    """Reference shards near the visits that touch a tract."""
    if not campaign.options.data:
        return campaign.path("simulated_refcat")
    visits = campaign.graph["visits"]
    shards = {s for v in visits_of_tract(wildcards) for s in visits[v]["shards"]}
    return expand(f"{campaign.options.refcat}/{{shard}}.h5", shard=sorted(shards))


def tracts_of_visit(visit):
    return sorted({p.split("/")[0] for p in patches_of_visit(visit)})


def astrometry_fits_of(wildcards):
    """Joint maps of the tracts that a visit touches, in order of tracts."""
    tracts = tracts_of_visit(wildcards.visit)
    return expand(campaign.path("astrometry_fit"), tract=tracts)


def photometry_fits_of(wildcards):
    """Joint zero points of the tracts that a visit touches, in order of tracts."""
    tracts = tracts_of_visit(wildcards.visit)
    return expand(campaign.path("photometry_fit"), tract=tracts)


def visits_of_patch_band(wildcards):
    bands = campaign.graph["patches"][f"{wildcards.tract}/{wildcards.patch}"]
    return bands.get(wildcards.band, [])


def season_of(visit, tract):
    """Season of a visit in a tract, from 1: there a visit is differenced with visits of the other seasons."""
    seen = campaign.graph["visits"][visit]
    return bisect_right(
        campaign.graph["seasons"][f"{tract}/{seen['band']}"], seen["mjd"]
    )


def visits_of_coadd(wildcards):
    """Visits that a coadd may be made of, in order; the template of a season holds none of that season."""
    visits = visits_of_patch_band(wildcards)
    kind, tract = wildcards.kind, wildcards.tract
    return [v for v in visits if kind != f"template_{season_of(v, tract)}"]


def summaries_of_coadd(wildcards):
    visits = visits_of_coadd(wildcards)
    return expand(campaign.path("visit_summary"), visit=visits)


def images_of_coadd(wildcards):
    visits = visits_of_coadd(wildcards)
    return expand(campaign.path("calexp"), visit=visits)


def deep_coadds_of_patch(wildcards):
    """Deep coadds of a patch in every band that it was seen in."""
    place, path = f"{wildcards.tract}/{wildcards.patch}", campaign.path("coadd")
    bands = campaign.graph["patches"][place]
    given = {"tract": wildcards.tract, "patch": wildcards.patch, "kind": "deep"}
    return [path.format(band=b, **given) for b in bands]


def template_coadds_of(wildcards):
    """Coadds of other seasons, in the visit's band, on the patches that a visit touches, where there are any."""
    made, visit = campaign.path("coadd"), wildcards.visit
    band, found = campaign.graph["visits"][visit]["band"], []
    for place in patches_of_visit(visit):
        tract, patch = place.split("/")
        season = season_of(visit, tract)
        others = campaign.graph["patches"][place][band]
        if any(season_of(v, tract) != season for v in others):
            kind = f"template_{season}"
            found.append(made.format(tract=tract, patch=patch, band=band, kind=kind))
    return found


def objects_of_all(wildcards):
    places = [place.split(os.sep) for place in campaign.graph["patches"]]
    made = campaign.path("object")
    return [made.format(tract=t, patch=p) for t, p in places]


def redshifts_of(wildcards):
    """Spectroscopic redshifts: those of the simulation; none for a real survey yet."""
    simulated = not campaign.options.data
    return [campaign.path("spec_z")] if simulated else []


def visits_of_patch(wildcards):
    bands = campaign.graph["patches"][f"{wildcards.tract}/{wildcards.patch}"]
    return sorted({v for visits in bands.values() for v in visits})


def truths_of_patch(wildcards):
    """What was simulated in the visits that touch a patch."""
    return expand(campaign.path("truth"), visit=visits_of_patch(wildcards))


def truth_detectors_of_patch(wildcards):
    return expand(campaign.path("truth_detector"), visit=visits_of_patch(wildcards))


def forced_sources_of_patch(wildcards):
    return expand(campaign.path("forced_source"), visit=visits_of_patch(wildcards))


def dia_sources_of_patch(wildcards):
    return expand(campaign.path("dia_source"), visit=visits_of_patch(wildcards))


def patches_of_visit(visit):
    places = campaign.graph["patches"].items()
    return [p for p, bands in places if any(visit in some for some in bands.values())]


def objects_of_visit(wildcards):
    made = campaign.path("object")
    places = [p.split("/") for p in patches_of_visit(wildcards.visit)]
    return [made.format(tract=t, patch=p) for t, p in places]


def visits_before(wildcards, days):
    """Visits of the days before a visit that share a patch with it, in order of time."""
    visits, places = campaign.graph["visits"], campaign.graph["patches"]
    near = {
        v
        for p in patches_of_visit(wildcards.visit)
        for some in places[p].values()
        for v in some
    }
    now = visits[wildcards.visit]["mjd"]
    ages = {v: now - visits[v]["mjd"] for v in near}
    return sorted(
        (v for v in near if 0 < ages[v] <= days), key=lambda v: visits[v]["mjd"]
    )


def dia_sources_before(wildcards):
    """Detections of the year before a visit: as far as alerts look back."""
    visits = visits_before(wildcards, 365.25)
    return expand(campaign.path("dia_source"), visit=visits)


def dia_forced_sources_before(wildcards):
    """Forced photometry of the month before a visit."""
    visits = visits_before(wildcards, 30)
    return expand(campaign.path("dia_forced_source"), visit=visits)


def dia_objects_of_visit(wildcards):
    made = campaign.path("dia_object")
    places = [p.split("/") for p in patches_of_visit(wildcards.visit)]
    return [made.format(tract=t, patch=p) for t, p in places]


def dia_associations_of(wildcards):
    made = campaign.path("dia_association")
    places = [p.split(os.sep) for p in patches_of_visit(wildcards.visit)]
    return [made.format(tract=t, patch=p) for t, p in places]


def nights_until(night, days):
    """Nights of science exposures up to one night, no older than some days."""
    last = date.fromisoformat(night)
    ages = {n: (last - date.fromisoformat(n)).days for n in campaign.graph["nights"]}
    return sorted(n for n, age in ages.items() if 0 <= age <= days)


def night_of(wildcards):
    """The night that a job is about, or that of its visit."""
    if "visit" in wildcards.keys():
        return campaign.graph["visits"][wildcards.visit]["night"]
    return wildcards.night


def visits_of_night(wildcards):
    """Science visits of a night; none of a night of calibrations alone."""
    return campaign.graph["nights"].get(wildcards.night, [])


def summaries_of_night(wildcards):
    return expand(campaign.path("visit_summary"), visit=visits_of_night(wildcards))


def dia_sources_of_night(wildcards):
    return expand(campaign.path("dia_source"), visit=visits_of_night(wildcards))


def alerts_of_night(wildcards):
    return expand(campaign.path("alert"), visit=visits_of_night(wildcards))


def ss_sources_of_visit(wildcards):
    """Known asteroids of a visit's night: attribution needs the orbits of the night before, and no linking."""
    return expand(campaign.path("ss_source"), night=night_of(wildcards))


def simulated_asteroids_of(wildcards):
    """The simulated asteroids, where the survey is simulated and no file of orbits is given."""
    simulated = not (campaign.options.data or campaign.options.orbits)
    return [campaign.path("truth_asteroids")] if simulated else []


def mpcorb_of(wildcards):
    return [campaign.options.orbits] if campaign.options.orbits else []


def known_orbits_of(wildcards):
    """The orbits known beforehand, for the first night."""
    return [] if catalog_before(wildcards) else [campaign.path("known_orbits")]


def catalog_before(wildcards):
    """The catalogue of the night before, where there was one."""
    earlier = nights_until(night_of(wildcards), 36500)[:-1]
    return expand(campaign.path("orbit_catalog"), night=earlier[-1:])


def last_orbit_catalog(wildcards):
    """The catalogue of orbits at the end of the campaign."""
    return all_of("orbit_catalog")(wildcards)[-1:]


def tracklets_of_window(wildcards):
    """Tracklets of the last fortnight."""
    return expand(campaign.path("tracklet"), night=nights_until(wildcards.night, 14))


def linkages_before(wildcards):
    """Objects that earlier nights of the fortnight have linked."""
    return expand(
        campaign.path("linkage"), night=nights_until(wildcards.night, 14)[:-1]
    )


def training_visits():
    """Visits that reliability is learnt on: up to six of the patch that was seen most, evenly in time."""
    bands = most_seen_patch()
    visits = sorted({v for some in bands.values() for v in some})
    return visits[:: -(-len(visits) // 6) or 1]


def most_seen_patch():
    """Visits by band of the patch that most visits touch."""
    patches = campaign.graph["patches"].values()
    return max(patches, key=lambda bands: sum(map(len, bands.values())), default={})


def training_differences_of(wildcards):
    return expand(campaign.path("difference_image"), visit=training_visits())


def training_templates_of(wildcards):
    return expand(campaign.path("template_image"), visit=training_visits())


def training_candidates_of(wildcards):
    return expand(campaign.path("dia_candidate"), visit=training_visits())


def candidates_beside_training_of(wildcards):
    """Detections of all visits to the place of the training, which tell what comes back."""
    visits = sorted({v for some in most_seen_patch().values() for v in some})
    return expand(campaign.path("dia_candidate"), visit=visits)
