"""One star on the border of two patches, in one band and one visit, through the steps: anywhere on the sky."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

import field
from algorithms.scenes import draw, gaussian_stamp
from gnomon.containers.catalog import Catalog
from gnomon.containers.coadd import empty_coadd
from gnomon.containers.dataid import DataId
from gnomon.containers.ids import source_ids
from gnomon.containers.image import Image
from gnomon.containers.psf import PsfModel
from gnomon.containers.skymap import discrete_skymap
from gnomon.containers.wcs import tangent_wcs
from gnomon.errors import UnprocessableData
from gnomon.io.catalogs import conform
from gnomon.io.instrument import read_instrument
from gnomon.pipeline import STEPS
from gnomon.steps.associate import associate
from gnomon.steps.coadd import coadd
from gnomon.steps.detect_objects import detect_objects
from gnomon.steps.forced_source import forced_source
from gnomon.steps.isolated_stars import isolated_stars
from gnomon.steps.mass_map import mass_map
from gnomon.steps.measure import measure
from gnomon.steps.photoz import photoz
from gnomon.steps.shear import shear
from gnomon.steps.variability import variability

PLACES = {"south": (1.0, -0.2), "ra 0": (0.0, 0.3), "pole": (2.0, np.pi / 2)}
SIGMA, FLUX, SIDE = 1.6, 2e4, 500
NUMBER = 2026101200001


def config(step):
    return STEPS[step].config()


@cache
def scene(place):
    """(skymap of two patches, the visit): the star stands where the patches meet."""
    ra, dec = PLACES[place]
    width = 2 * field.GRID.patch_inner * field.SCALE
    skymap = discrete_skymap([(ra, dec, width, width / 2)], field.GRID)
    middle = np.full(2, (SIDE - 1) / 2)
    wcs = tangent_wcs((ra, dec), tuple(middle), [[-field.SCALE, 0], [0, field.SCALE]])
    truth = draw((SIDE, SIDE), [middle[1]], [middle[0]], [FLUX / field.CORRECTION], SIGMA)
    noisy = (truth + np.random.default_rng(1).normal(0, field.NOISE, truth.shape)).astype(np.float32)
    image = Image(noisy, np.full_like(noisy, field.NOISE**2), np.zeros(noisy.shape, np.uint32))
    psf = PsfModel(gaussian_stamp(0, 0, SIGMA, 15)[None].astype(np.float32), 0, (0.0, 0.0), (1.0, 1.0))
    return skymap, replace(field.calibrated(1), image=image, wcs=wcs, psf=psf)


@cache
def objects(place, patch):
    """(coadds, detections, objects) of one patch; the i band has no image."""
    skymap, visit = scene(place)
    where = DataId(tract=0, patch=patch, band="r", kind="deep")
    table = field.summary(1, visit).with_columns(seeing=np.array([0.75]))
    camera = read_instrument("config/instruments/gnomonsim.yaml")
    made = coadd(skymap, [table], [field.parts(visit)], camera, data_id=where, config=config("coadd"))
    coadds = [made, replace(empty_coadd("no visit"), band="i")]
    found = detect_objects(coadds, data_id=where, config=config("detect_objects"))
    return coadds, found, measure(skymap, coadds, found, data_id=where, config=config("measure"))


def patches(place):
    return range(scene(place)[0].n_patches(0))


@pytest.mark.parametrize("place", PLACES)
def test_the_star_is_one_primary_object_with_its_place_and_flux(place):
    skymap, visit = scene(place)
    tables = [objects(place, p)[2] for p in patches(place)]
    assert [len(t) for t in tables] == [1] * len(tables)  # each patch sees it: they overlap
    assert sum(int(t["detect_isPrimary"][0]) for t in tables) == 1
    for table in tables:
        row = conform(table, "object")
        x, y = visit.wcs.sky_to_pixel(np.radians(row["coord_ra"]), np.radians(row["coord_dec"]))
        assert (
            np.hypot(x - (SIDE - 1) / 2, y - (SIDE - 1) / 2)[0] < 0.05
        )  # sigma / (S/N) = 1.6 / 180: five of these
        assert row["r_psfFlux"][0] == pytest.approx(FLUX, abs=5 * row["r_psfFluxErr"][0])
        assert row["i_flag_missing"][0]
        assert np.isnan(row["i_psfFlux"][0])
        assert row["extendedness"][0] == 0


@pytest.mark.parametrize("place", PLACES)
def test_what_follows_has_one_row_for_it(place):
    skymap, visit = scene(place)
    every = [objects(place, p) for p in patches(place)]
    tables = [o for _, _, o in every]
    whole = {"data_id": DataId(visit=NUMBER, detector=0), "config": config("forced_source")}
    forced = conform(forced_source(visit, field.summary(NUMBER, visit), tables, **whole), "forced_source")
    assert len(forced) == 1
    assert forced["psfFlux"][0] == pytest.approx(FLUX, abs=5 * forced["psfFluxErr"][0])
    for patch, (coadds, found, table) in enumerate(every):
        where = DataId(tract=0, patch=patch)
        shapes = shear(skymap, coadds, found, table, data_id=where, config=config("shear"))
        redshifts = photoz(table, {}, data_id=where, config=config("photoz"))
        features = variability(table, [forced], data_id=where, config=config("variability"))
        assert [len(t) for t in (shapes, redshifts, features)] == [1, 1, 1]
        assert features["r_psfFluxNdata"].tolist() == [int(table["objectId"][0] == forced["objectId"][0])]
        with pytest.raises(UnprocessableData, match="galaxies with a shape"):
            mass_map(skymap, [shapes], data_id=where, config=config("mass_map"))


@pytest.mark.parametrize("place", PLACES)
def test_two_detections_of_it_are_one_changing_object_of_one_patch(place):
    """Half an arcsecond apart, on both sides of the border, of RA 0, of the pole; a third is a transient elsewhere."""
    skymap, visit = scene(place)
    middle = (SIDE - 1) / 2
    sky = visit.wcs.pixel_to_sky(middle + np.array([-1.2, 1.2, 40.0]), np.full(3, middle))
    full = lambda v: np.full(3, v)  # noqa: E731
    ids = np.concatenate([source_ids(NUMBER + k, 0, np.arange(1)) for k in range(3)])
    table = Catalog(
        {
            "diaSourceId": ids, "visit": NUMBER + np.arange(3), "band": np.full(3, "r", object),
            "midpointMjdTai": 61000.0 + np.arange(3), "ra": np.degrees(sky[0]), "dec": np.degrees(sky[1]),
            "raErr": full(0.05 / 3600), "decErr": full(0.05 / 3600), "psfFlux": full(300.0), "psfFluxErr": full(20.0),
            "scienceFlux": full(900.0), "scienceFluxErr": full(20.0), "reliability": full(0.9),
        }
    )  # fmt: skip
    found = []
    for patch in patches(place):
        try:
            made = associate(
                skymap, [table], data_id=DataId(tract=0, patch=patch), config=config("associate")
            )
            found.append(conform(made.object, "dia_object"))
        except UnprocessableData:
            continue
    assert sorted(n for t in found for n in t["nDiaSources"].tolist()) == [1, 2]
    for table in found:
        np.testing.assert_allclose(table["r_psfFluxMean"], 300.0)


def test_one_detection_alone_is_no_star_of_the_joint_fits():
    row = {
        n: np.array([v])
        for n, v in {"sourceId": 1, "visit": NUMBER, "psfFlux": 9e3, "psfFluxErr": 10.0}.items()
    }
    row |= {"extendedness": np.zeros(1), "flags": np.zeros(1, np.uint32)}
    rest = {
        "detector": 0,
        "midpointMjdTai": 61000.0,
        "coord_ra": 57.0,
        "coord_dec": -11.5,
        "x": 1.0,
        "y": 1.0,
    }
    rest |= {"coord_raErr": 1e-5, "coord_decErr": 1e-5, "ap12Flux": 9e3, "ap12FluxErr": 10.0}
    one = Catalog(row | {n: np.array([v]) for n, v in rest.items()} | {"band": np.array(["r"], object)})
    told = isolated_stars(scene("south")[0], [one], data_id=DataId(tract=0), config=config("isolated_stars"))
    assert (len(told.star), len(told.source)) == (0, 0)
