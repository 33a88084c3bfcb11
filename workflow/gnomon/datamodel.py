"""Dataset types and where each file lives. Nothing else in the project spells a path."""

from gnomon.dataset import DIMENSIONS, DatasetType

__all__ = ["DATASETS", "DIMENSIONS", "DatasetType"]


def _release(name: str, doc: str, schema: str) -> DatasetType:
    """A release table with positions, in the HATS layout."""
    path = f"release/{name}/collection.properties"
    return DatasetType(f"release_{name}", path, "Hats", doc, schema=schema)


_DATASETS = (
    # campaign input
    DatasetType(
        "instrument",
        "config/instruments/{instrument}.yaml",
        "Instrument",
        "Description of an instrument.",
        external=True,
    ),
    DatasetType(
        "skymap", "plan/skymap.json", "SkyMap", "How the sky is cut into tracts and patches.", planned=True
    ),
    DatasetType(
        "raw", "raw/{visit}.fits", "Raw", "Exposure as it came from the camera, ADU.", axis="detector"
    ),
    DatasetType(
        "rejects", "plan/rejects.parquet", "Catalog", "Files left out.", schema="rejects", planned=True
    ),
    DatasetType("quanta", "plan/quanta.parquet", "Catalog", "Jobs by slice and step.", planned=True),
    DatasetType("recipe", "truth/recipe.json", "Recipe", "The simulated survey, in numbers."),
    DatasetType("truth_stars", "truth/stars.parquet", "Catalog", "Every simulated star."),
    DatasetType("truth_galaxies", "truth/galaxies.parquet", "Catalog", "Every simulated galaxy."),
    DatasetType("truth_transients", "truth/transients.parquet", "Catalog", "Every simulated supernova."),
    DatasetType("truth_asteroids", "truth/asteroids.parquet", "Catalog", "Every simulated asteroid."),
    DatasetType(
        "truth", "truth/visit/{visit}.parquet", "Catalog", "Sources the simulator put into one visit."
    ),
    DatasetType(
        "truth_detector", "truth/detector/{visit}.parquet", "Catalog", "True zero point, sky and seeing."
    ),
    DatasetType(
        "simulated_refcat", "refcat/simulated.h5", "Refcat", "What the pipeline may know of the stars."
    ),
    DatasetType("refcat", "{shard}.h5", "Refcat", "Reference stars of one HEALPix pixel.", external=True),
    # calibration frames
    DatasetType("master_bias", "calib/{instrument}/bias.h5", "Master", "Mean bias, ADU.", axis="detector"),
    DatasetType(
        "master_dark",
        "calib/{instrument}/dark.h5",
        "Master",
        "Mean dark current, electrons per second.",
        axis="detector",
    ),
    DatasetType(
        "master_flat",
        "calib/{instrument}/flat-{band}.h5",
        "Master",
        "Relative response, mean 1.",
        axis="detector",
    ),
    DatasetType(
        "defects", "calib/{instrument}/defects.h5", "Master", "Mask of unusable pixels.", axis="detector"
    ),
    # visits
    DatasetType(
        "post_isr",
        "post_isr/{visit}.fits",
        "DetrendedImages",
        "Detector images without signature, electrons.",
        axis="detector",
    ),
    DatasetType(
        "preliminary_image",
        "preliminary/image/{visit}.fits",
        "CalibratedImages",
        "Images calibrated visit by visit, nJy, background subtracted.",
        axis="detector",
    ),
    DatasetType(
        "preliminary_source",
        "preliminary/source/{visit}.parquet",
        "Catalog",
        "Sources of one visit, measured on the preliminary image.",
        schema="source",
    ),
    DatasetType(
        "preliminary_summary",
        "preliminary/summary/{visit}.parquet",
        "Catalog",
        "One row a detector: seeing, sky, zero point, depth, corners, counts.",
        schema="visit_summary",
    ),
    DatasetType(
        "visit_figure", "figure/visit/{visit}.png", "Figure", "Thumbnail and residuals of one visit."
    ),
    DatasetType(
        "visit_check",
        "check/visit/{visit}.parquet",
        "Catalog",
        "A simulated visit beside its truth.",
        schema="check",
    ),
    DatasetType(
        "object_check",
        "check/object/{tract}/{patch}.parquet",
        "Catalog",
        "The objects of one patch beside the truth.",
        schema="check",
    ),
    DatasetType(
        "derived_check",
        "check/derived/{tract}.parquet",
        "Catalog",
        "Redshifts and light curves of one tract beside the truth.",
        schema="check",
    ),
    # stars of all visits
    DatasetType(
        "isolated_star",
        "joint/isolated_star/{tract}.parquet",
        "Catalog",
        "Stars seen in several visits with no other star beside them.",
        schema="isolated_star",
    ),
    DatasetType(
        "isolated_star_source",
        "joint/isolated_star_source/{tract}.parquet",
        "Catalog",
        "Every detection of an isolated star.",
        schema="isolated_star_source",
    ),
    DatasetType(
        "astrometry_fit",
        "joint/astrometry/{tract}.parquet",
        "Catalog",
        "Map of every detector and visit that touches a tract, from all of them together.",
        schema="astrometry_fit",
    ),
    DatasetType(
        "photometry_fit",
        "joint/photometry/{tract}.parquet",
        "Catalog",
        "Zero point of every detector and visit that touches a tract, from all of them together.",
        schema="photometry_fit",
    ),
    DatasetType(
        "joint_check",
        "check/joint/{tract}.parquet",
        "Catalog",
        "Repeatability of isolated stars over all visits of a tract.",
        schema="check",
    ),
    # visits, calibrated together
    DatasetType(
        "calexp",
        "calexp/image/{visit}.fits",
        "CalibratedImages",
        "Final images of one visit, nJy, background subtracted, on the maps and zero points of the joint fits.",
        axis="detector",
    ),
    DatasetType(
        "source",
        "calexp/source/{visit}.parquet",
        "Catalog",
        "Sources of one visit with final positions and fluxes.",
        schema="source",
    ),
    DatasetType(
        "visit_summary",
        "calexp/summary/{visit}.parquet",
        "Catalog",
        "One row a detector of the final images: seeing, sky, zero point, depth, corners, map, counts.",
        schema="visit_summary",
    ),
    DatasetType(
        "star_motion",
        "object/star_motion/{tract}.parquet",
        "Catalog",
        "Position, proper motion and parallax of isolated stars.",
        schema="star_motion",
    ),
    # the sky, patch by patch
    DatasetType(
        "coadd",
        "coadd/{kind}/{band}/{tract}/{patch}.fits",
        "Coadd",
        "Mean of the visits of one patch in one band, nJy: all (deep), or the sharpest of other seasons.",
    ),
    DatasetType(
        "chi2_coadd",
        "coadd/chi2/{tract}/{patch}.fits",
        "Coadd",
        "Sum over bands of flux squared over variance of the deep coadds of one patch; where a target asks for it.",
    ),
    DatasetType(
        "patch_figure",
        "figure/patch/{tract}/{patch}.png",
        "Figure",
        "A patch in colour, its number of visits and its depth.",
    ),
    # objects
    DatasetType(
        "detection",
        "object/detection/{tract}/{patch}.h5",
        "Model",
        "Detections in all bands of one patch together, and the light that belongs to each.",
    ),
    DatasetType(
        "object",
        "object/object/{tract}/{patch}.parquet",
        "Catalog",
        "Objects of one patch, measured in every band.",
        schema="object",
    ),
    DatasetType(
        "forced_source",
        "object/forced_source/{visit}.parquet",
        "Catalog",
        "Forced photometry of every object on the images of one visit.",
        schema="forced_source",
    ),
    DatasetType(
        "spec_z",
        "truth/spec_z.parquet",
        "Catalog",
        "Spectroscopic redshifts to train with.",
        schema="spec_z",
    ),
    DatasetType(
        "shear_object",
        "object/shear/{tract}/{patch}.parquet",
        "Catalog",
        "Shapes of the objects of one patch with their response to shear, experimental.",
        schema="shear_object",
    ),
    DatasetType("mass_map", "object/mass_map/{tract}.h5", "Model", "Convergence of one tract, experimental."),
    DatasetType("mass_map_figure", "figure/mass_map/{tract}.png", "Figure", "Its picture."),
    DatasetType("photoz_model", "object/photoz_model.h5", "Model", "Trained network of redshifts."),
    DatasetType(
        "photoz",
        "object/photoz/{tract}/{patch}.parquet",
        "Catalog",
        "Photometric redshifts of the objects of one patch.",
        schema="photoz",
    ),
    DatasetType(
        "variability",
        "object/variability/{tract}/{patch}.parquet",
        "Catalog",
        "Light-curve features and periods of the objects of one patch.",
        schema="variability",
    ),
    # differences
    DatasetType(
        "difference_image", "diff/image/{visit}.fits", "CalibratedImages", "Visit minus template.", "detector"
    ),
    DatasetType(
        "template_image",
        "diff/template/{visit}.fits",
        "CalibratedImages",
        "Template on the pixels of the visit, nJy.",
        axis="detector",
    ),
    DatasetType(
        "dia_candidate",
        "diff/candidate/{visit}.parquet",
        "Catalog",
        "Detections on the difference images of one visit before they are judged.",
        schema="dia_source",
    ),
    DatasetType(
        "reliability_model", "diff/reliability_model.h5", "Model", "What tells sources from artefacts."
    ),
    DatasetType(
        "dia_source",
        "diff/dia_source/{visit}.parquet",
        "Catalog",
        "Detections on the difference images of one visit, with their reliability.",
        schema="dia_source",
    ),
    DatasetType(
        "dia_object",
        "diff/dia_object/{tract}/{patch}.parquet",
        "Catalog",
        "What was detected on difference images, one row an object.",
        schema="dia_object",
    ),
    DatasetType(
        "dia_association",
        "diff/dia_association/{tract}/{patch}.parquet",
        "Catalog",
        "Which detection belongs to which object.",
        schema="dia_association",
    ),
    DatasetType(
        "dia_forced_source",
        "diff/dia_forced_source/{visit}.parquet",
        "Catalog",
        "Forced photometry at the objects of the difference images.",
        schema="dia_forced_source",
    ),
    DatasetType("alert", "alert/{visit}.avro", "Alerts", "Alert packets of one visit, LSST schema v11.0."),
    DatasetType(
        "filtered_alert",
        "alert/filtered/{filter}/{night}.avro",
        "Alerts",
        "Alert packets of one night that a named filter lets through.",
    ),
    DatasetType(
        "transient_check",
        "check/transients.parquet",
        "Catalog",
        "Differences beside their truth.",
        schema="check",
    ),
    # moving objects
    DatasetType(
        "perturbers",
        "workflow/gnomon/io/perturbers.h5",
        "Perturbers",
        "Where the masses of the solar system are: JPL DE440 and 16 asteroids.",
        external=True,
    ),
    DatasetType("mpcorb", "mpcorb.txt", "Mpcorb", "Orbits known beforehand, MPCORB.", external=True),
    DatasetType(
        "known_orbits", "moving/known.parquet", "Catalog", "Orbits known before the campaign.", schema="orbit"
    ),
    DatasetType(
        "ephemeris",
        "moving/ephemeris/{night}.parquet",
        "Catalog",
        "Known objects in the fields of a night.",
        schema="ephemeris",
    ),
    DatasetType(
        "night_visit",
        "moving/visit/{night}.parquet",
        "Catalog",
        "Exposures of a night and where they were taken from.",
        schema="night_visit",
    ),
    DatasetType(
        "ss_source",
        "moving/ss_source/{night}.parquet",
        "Catalog",
        "Detections of a night that are known objects.",
        schema="ss_source",
    ),
    DatasetType(
        "tracklet",
        "moving/tracklet/{night}.parquet",
        "Catalog",
        "Detections of a night that move together.",
        schema="tracklet",
    ),
    DatasetType(
        "linkage",
        "moving/linkage/{night}.parquet",
        "Catalog",
        "Detections of the objects that a night completes.",
        schema="linkage",
    ),
    DatasetType(
        "link_orbit",
        "moving/link_orbit/{night}.parquet",
        "Catalog",
        "Their orbits as the linking leaves them.",
        schema="orbit",
    ),
    DatasetType(
        "orbit",
        "moving/orbit/{night}.parquet",
        "Catalog",
        "Orbits that a night has found or made better.",
        schema="orbit",
    ),
    DatasetType(
        "orbit_catalog",
        "moving/catalog/{night}.parquet",
        "Catalog",
        "All orbits at the end of a night.",
        schema="orbit",
    ),
    DatasetType(
        "orbit_export", "moving/mpcorb/{night}.txt", "Mpcorb", "All orbits at the end of a night, MPCORB."
    ),
    DatasetType("ades_report", "moving/ades/{night}.xml", "Ades", "Astrometry of a night, ADES."),
    DatasetType(
        "moving_check",
        "check/moving_objects.parquet",
        "Catalog",
        "Simulated asteroids, and what became of each.",
        schema="moving_check",
    ),
    DatasetType(
        "moving_score",
        "check/moving.parquet",
        "Catalog",
        "Moving objects beside their truth, in numbers.",
        schema="check",
    ),
    # release
    _release("object", "Objects, their redshifts and light-curve features.", "release_object"),
    _release("photoz", "Redshifts of the objects with p(z).", "photoz"),
    _release("star", "Motions of isolated stars.", "star_motion"),
    _release("source", "Sources of single visits.", "source"),
    _release("forced_source", "Fluxes of the objects on every visit.", "forced_source"),
    _release("dia_source", "Detections on difference images.", "release_dia_source"),
    _release("dia_object", "What was detected on difference images, one row an object.", "dia_object"),
    _release("dia_forced_source", "Fluxes of the objects of the difference images.", "dia_forced_source"),
    _release("ss_source", "Detections of known objects of the solar system.", "ss_source"),
    DatasetType(
        "release_orbit", "release/orbit.parquet", "Catalog", "Orbits after the last night.", schema="orbit"
    ),
    DatasetType(
        "release_visit", "release/visit.parquet", "Catalog", "Calibrated visits.", schema="release_visit"
    ),
    DatasetType(
        "release_visit_detector",
        "release/visit_detector.parquet",
        "Catalog",
        "Calibrated detectors of the visits.",
        schema="visit_summary",
    ),
    DatasetType(
        "metrics",
        "release/metrics.parquet",
        "Catalog",
        "Measured numbers beside their bars.",
        schema="metrics",
    ),
    DatasetType(
        "manifest",
        "release/manifest.parquet",
        "Catalog",
        "Every product with its hash, and what it was made from.",
        schema="manifest",
        planned=True,
    ),
    DatasetType("report", "release/report.html", "Text", "What ran, what failed and why, how good it is."),
)

DATASETS = {d.name: d for d in _DATASETS}
