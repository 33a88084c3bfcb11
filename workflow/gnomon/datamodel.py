"""Dataset types and where each file lives. Nothing else in the project spells a path."""

from gnomon.dataset import DIMENSIONS, DatasetType

__all__ = ["DATASETS", "DIMENSIONS", "DatasetType"]


def _release(name: str, doc: str, schema: str) -> DatasetType:
    """A release table with positions, in the HATS layout."""
    path = f"release/{name}/collection.properties"
    return DatasetType(f"release_{name}", path, "Hats", doc, schema=schema)


def _table(name: str, path: str, doc: str, schema: str = "", planned: bool = False) -> DatasetType:
    """A catalogue; its schema has its name unless it is said otherwise."""
    return DatasetType(name, path, "Catalog", doc, schema=schema or name, planned=planned)


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
    _table("rejects", "plan/rejects.parquet", "Files left out.", planned=True),
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
    _table(
        "preliminary_source",
        "preliminary/source/{visit}.parquet",
        "Sources of one visit, measured on the preliminary image.",
        "source",
    ),
    _table(
        "preliminary_summary",
        "preliminary/summary/{visit}.parquet",
        "One row a detector: seeing, sky, zero point, depth, corners, counts.",
        "visit_summary",
    ),
    DatasetType(
        "visit_figure", "figure/visit/{visit}.png", "Figure", "Thumbnail and residuals of one visit."
    ),
    _table("visit_check", "check/visit/{visit}.parquet", "A simulated visit beside its truth.", "check"),
    _table(
        "object_check",
        "check/object/{tract}/{patch}.parquet",
        "The objects of one patch beside the truth.",
        "check",
    ),
    _table(
        "derived_check",
        "check/derived/{tract}.parquet",
        "Redshifts and light curves of one tract beside the truth.",
        "check",
    ),
    # stars of all visits
    _table(
        "isolated_star",
        "joint/isolated_star/{tract}.parquet",
        "Stars seen in several visits with no other star beside them.",
    ),
    _table(
        "isolated_star_source",
        "joint/isolated_star_source/{tract}.parquet",
        "Every detection of an isolated star.",
    ),
    _table(
        "astrometry_fit",
        "joint/astrometry/{tract}.parquet",
        "Map of every detector and visit that touches a tract, from all of them together.",
    ),
    _table(
        "photometry_fit",
        "joint/photometry/{tract}.parquet",
        "Zero point of every detector and visit that touches a tract, from all of them together.",
    ),
    _table(
        "joint_check",
        "check/joint/{tract}.parquet",
        "Repeatability of isolated stars over all visits of a tract.",
        "check",
    ),
    # visits, calibrated together
    DatasetType(
        "calexp",
        "calexp/image/{visit}.fits",
        "CalibratedImages",
        "Final images of one visit, nJy, background subtracted, on the maps and zero points of the joint fits.",
        axis="detector",
    ),
    _table(
        "source", "calexp/source/{visit}.parquet", "Sources of one visit with final positions and fluxes."
    ),
    _table(
        "visit_summary",
        "calexp/summary/{visit}.parquet",
        "One row a detector of the final images: seeing, sky, zero point, depth, corners, map, counts.",
    ),
    _table(
        "star_motion",
        "object/star_motion/{tract}.parquet",
        "Position, proper motion and parallax of isolated stars.",
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
    _table(
        "coadd_selection",
        "coadd/selection/{tract}.parquet",
        "Which detectors the coadds of one tract were made of, with which weight, and why not the others.",
    ),
    DatasetType(
        "property_map",
        "coadd/map/{tract}.hsp",
        "SparseMap",
        "HealSparse maps of one tract: exposure time, visits, depth, PSF, sky, refraction, epoch by band.",
    ),
    _table("random", "coadd/random/{tract}.parquet", "Random points on one tract with the depth at each."),
    DatasetType(
        "property_figure", "figure/property/{tract}.png", "Figure", "Depth of one tract in every band."
    ),
    # objects
    DatasetType(
        "detection",
        "object/detection/{tract}/{patch}.h5",
        "Model",
        "Detections in all bands of one patch together, and the light that belongs to each.",
    ),
    _table(
        "object", "object/object/{tract}/{patch}.parquet", "Objects of one patch, measured in every band."
    ),
    _table(
        "forced_source",
        "object/forced_source/{visit}.parquet",
        "Forced photometry of every object on the images of one visit.",
    ),
    _table("spec_z", "truth/spec_z.parquet", "Spectroscopic redshifts to train with."),
    _table(
        "shear_object",
        "object/shear/{tract}/{patch}.parquet",
        "Shapes of the objects of one patch with their response to shear, experimental.",
    ),
    DatasetType("mass_map", "object/mass_map/{tract}.h5", "Model", "Convergence of one tract, experimental."),
    DatasetType("mass_map_figure", "figure/mass_map/{tract}.png", "Figure", "Its picture."),
    DatasetType("photoz_model", "object/photoz_model.h5", "Model", "Trained network of redshifts."),
    _table(
        "photoz",
        "object/photoz/{tract}/{patch}.parquet",
        "Photometric redshifts of the objects of one patch.",
    ),
    _table(
        "variability",
        "object/variability/{tract}/{patch}.parquet",
        "Light-curve features and periods of the objects of one patch.",
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
    _table(
        "dia_candidate",
        "diff/candidate/{visit}.parquet",
        "Detections on the difference images of one visit before they are judged.",
        "dia_source",
    ),
    DatasetType(
        "reliability_model", "diff/reliability_model.h5", "Model", "What tells sources from artefacts."
    ),
    _table(
        "dia_source",
        "diff/dia_source/{visit}.parquet",
        "Detections on the difference images of one visit, with their reliability.",
    ),
    _table(
        "dia_object",
        "diff/dia_object/{tract}/{patch}.parquet",
        "What was detected on difference images, one row an object.",
    ),
    _table(
        "dia_association",
        "diff/dia_association/{tract}/{patch}.parquet",
        "Which detection belongs to which object.",
    ),
    _table(
        "dia_forced_source",
        "diff/dia_forced_source/{visit}.parquet",
        "Forced photometry at the objects of the difference images.",
    ),
    DatasetType("alert", "alert/{visit}.avro", "Alerts", "Alert packets of one visit, LSST schema v11.0."),
    DatasetType(
        "filtered_alert",
        "alert/filtered/{filter}/{night}.avro",
        "Alerts",
        "Alert packets of one night that a named filter lets through.",
    ),
    _table("transient_check", "check/transients.parquet", "Differences beside their truth.", "check"),
    # moving objects
    DatasetType(
        "perturbers",
        "workflow/gnomon/io/perturbers.h5",
        "Perturbers",
        "Where the masses of the solar system are: JPL DE440 and 16 asteroids.",
        external=True,
    ),
    DatasetType("mpcorb", "mpcorb.txt", "Mpcorb", "Orbits known beforehand, MPCORB.", external=True),
    _table("known_orbits", "moving/known.parquet", "Orbits known before the campaign.", "orbit"),
    _table("ephemeris", "moving/ephemeris/{night}.parquet", "Known objects in the fields of a night."),
    _table(
        "night_visit", "moving/visit/{night}.parquet", "Exposures of a night and where they were taken from."
    ),
    _table("ss_source", "moving/ss_source/{night}.parquet", "Detections of a night that are known objects."),
    _table(
        "tracklet",
        "moving/tracklet/{night}.parquet",
        "Detections of a night that move together, and those alone.",
    ),
    _table("linkage", "moving/linkage/{night}.parquet", "Detections of the objects that a night completes."),
    _table(
        "link_orbit", "moving/link_orbit/{night}.parquet", "Their orbits as the linking leaves them.", "orbit"
    ),
    _table("orbit", "moving/orbit/{night}.parquet", "Orbits that a night has found or made better."),
    _table("orbit_catalog", "moving/catalog/{night}.parquet", "All orbits at the end of a night.", "orbit"),
    DatasetType(
        "orbit_export", "moving/mpcorb/{night}.txt", "Mpcorb", "All orbits at the end of a night, MPCORB."
    ),
    DatasetType("ades_report", "moving/ades/{night}.xml", "Ades", "Astrometry of a night, ADES."),
    _table("moving_check", "check/moving_objects.parquet", "Simulated asteroids, and what became of each."),
    _table("moving_score", "check/moving.parquet", "Moving objects beside their truth, in numbers.", "check"),
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
    _table("release_orbit", "release/orbit.parquet", "Orbits after the last night.", "orbit"),
    _table("release_visit", "release/visit.parquet", "Calibrated visits."),
    _table(
        "release_visit_detector",
        "release/visit_detector.parquet",
        "Calibrated detectors of the visits.",
        "visit_summary",
    ),
    _table("metrics", "release/metrics.parquet", "Measured numbers beside their bars."),
    _table(
        "manifest",
        "release/manifest.parquet",
        "Every product with its hash, and what it was made from.",
        planned=True,
    ),
    DatasetType("report", "release/report.html", "Text", "What ran, what failed and why, how good it is."),
)

DATASETS = {d.name: d for d in _DATASETS}
