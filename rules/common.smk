"""Which files a gather gathers. Each name says what it returns; the plan says which there are."""

from bisect import bisect_right
from datetime import date

YEAR, MONTH = 365.25, 30
"""How far back alerts tell of detections and of forced photometry, days."""


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


def of_visits(dataset, visits):
    """A gather of a dataset type over the visits that a function of the wildcards names."""
    return lambda wildcards: expand(campaign.path(dataset), visit=visits(wildcards))


def of_patches(dataset, patches):
    """A gather of a dataset type over the patches that a function of the wildcards names."""

    def files(wildcards):
        places = [place.split("/") for place in patches(wildcards)]
        return [campaign.path(dataset).format(tract=t, patch=p) for t, p in places]

    return files


def of_tracts(dataset, tracts):
    """A gather of a dataset type over the tracts that a function of the wildcards names."""
    return lambda wildcards: expand(campaign.path(dataset), tract=tracts(wildcards))


def patches_of_tract(wildcards):
    """Patches of a tract as ``tract/patch``, in order."""
    return [p for p in campaign.graph["patches"] if p.startswith(f"{wildcards.tract}/")]


def patches_of_visit(wildcards):
    """Patches that a visit touches as ``tract/patch``, in order."""
    return campaign.patches_of_visit.get(wildcards.visit, [])


def tracts_of_visit(wildcards):
    """Tracts that a visit touches, in order."""
    return sorted({place.split("/")[0] for place in patches_of_visit(wildcards)})


def visits_seeing(patches):
    """Visits that touch any of the patches, in order."""
    seen = [campaign.graph["patches"][place] for place in patches]
    return sorted({v for bands in seen for some in bands.values() for v in some})


def visits_of_tract(wildcards):
    return visits_seeing(patches_of_tract(wildcards))


def visits_of_patch(wildcards):
    return visits_seeing([f"{wildcards.tract}/{wildcards.patch}"])


def visits_beside(wildcards):
    """Visits that share a patch with a visit, in order; a slice names them."""
    if "beside" in campaign.graph:
        return campaign.graph["beside"][wildcards.visit]
    return visits_seeing(patches_of_visit(wildcards))


def visits_before(days):
    """A function that names the visits of the days before a visit that share a patch with it, in order of time."""

    def visits(wildcards):
        told = campaign.graph["visits"]
        now = told[wildcards.visit]["mjd"]
        near = visits_beside(wildcards)
        before = [v for v in near if 0 < now - told[v]["mjd"] <= days]
        return sorted(before, key=lambda v: told[v]["mjd"])

    return visits


def visits_beside_training(wildcards):
    """All visits to the patch that was seen most, which tell what comes back."""
    patches = campaign.graph["patches"].items()
    most = max(patches, key=lambda p: sum(map(len, p[1].values())), default=None)
    return visits_seeing([most[0]] if most else [])


def training_visits(wildcards):
    """Visits that reliability is learnt on: up to six of that patch, evenly in time."""
    visits = visits_beside_training(wildcards)
    return visits[:: -(-len(visits) // 6) or 1]


def raws_of(wildcards):
    """Raw files of one exposure: the files ingested, or the simulated one."""
    visits, others = campaign.graph["visits"], campaign.graph["exposures"]
    one = visits.get(wildcards.visit) or others[wildcards.visit]
    return one["raws"] or campaign.path("raw")


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


def refcats_of_tract(wildcards):
    """Reference shards near the visits that touch a tract."""
    if not campaign.options.data:
        return campaign.path("simulated_refcat")
    visits = campaign.graph["visits"]
    shards = {s for v in visits_of_tract(wildcards) for s in visits[v]["shards"]}
    return expand(f"{campaign.options.refcat}/{{shard}}.h5", shard=sorted(shards))


def visits_of_patch_band(wildcards):
    place = f"{wildcards.tract}/{wildcards.patch}"
    return campaign.graph["patches"].get(place, {}).get(wildcards.band, [])


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


def coadds_of_patch(place, kinds):
    """Coadds of a patch ``tract/patch``: of every band, the kinds that a function of tract and visits names."""
    tract, patch = place.split("/")
    path = campaign.path("coadd")
    return [
        path.format(tract=tract, patch=patch, band=band, kind=kind)
        for band, visits in campaign.graph["patches"][place].items()
        for kind in kinds(tract, visits)
    ]


def deep_alone(tract, visits):
    return ["deep"]


def deep_and_templates(tract, visits):
    """The deep coadd, and where there are several seasons a template for each."""
    seasons = sorted({season_of(v, tract) for v in visits})
    return ["deep", *(f"template_{k}" for k in seasons if len(seasons) > 1)]


def deep_coadds_of_patch(wildcards):
    """Deep coadds of a patch in every band that it was seen in."""
    return coadds_of_patch(f"{wildcards.tract}/{wildcards.patch}", deep_alone)


def coadds_of_tract(kinds):
    """A gather of the coadds of the patches of a tract in every band."""
    return lambda wildcards: [
        path
        for place in patches_of_tract(wildcards)
        for path in coadds_of_patch(place, kinds)
    ]


def template_coadds_of(wildcards):
    """Coadds of other seasons, in the visit's band, on the patches that a visit touches, where there are any."""
    made, visit = campaign.path("coadd"), wildcards.visit
    band, found = campaign.graph["visits"][visit]["band"], []
    for place in patches_of_visit(wildcards):
        tract, patch = place.split("/")
        season = season_of(visit, tract)
        others = campaign.graph["patches"][place][band]
        if any(season_of(v, tract) != season for v in others):
            kind = f"template_{season}"
            found.append(made.format(tract=tract, patch=patch, band=band, kind=kind))
    return found


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
