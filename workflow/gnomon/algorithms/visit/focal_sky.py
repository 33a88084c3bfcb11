"""Large objects given back to a detector: its sky where they are is that of the whole focal plane."""

import json
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.background import background_map
from gnomon.algorithms.background.focal import fit_focal_sky, without_objects
from gnomon.containers.background import BackgroundModel
from gnomon.containers.calibrated import CalibratedImage
from gnomon.containers.catalog import Catalog
from gnomon.containers.image import Image
from gnomon.containers.sphere import tangent_offsets

F8 = npt.NDArray[np.float64]

_MOST = 8  # cells along a side of a detector that the summary keeps


def mesh_text(background: BackgroundModel, pixel_scale: float) -> str:
    """The mesh in nJy per square arcsecond with at most 8 x 8 cells, as JSON: medians of neighbouring cells."""
    level = background.level.astype(np.float64) / pixel_scale**2
    parts = [np.array_split(np.arange(n), min(n, _MOST)) for n in level.shape]
    rows = [[float(f"{np.median(level[np.ix_(r, c)]):.6g}") for c in parts[1]] for r in parts[0]]
    return json.dumps(rows, separators=(",", ":"))


def keep_large_objects(image: CalibratedImage, summary: Catalog, detector: int) -> CalibratedImage:
    """The image with the light of large objects that its own sky had swallowed.

    Parameters
    ----------
    image : calibrated by its own zero point
    summary : rows of all detectors of the visit, each with its mesh of sky in nJy per square arcsecond
    detector : number of the image
    """
    seen = summary.take(summary["skyMesh"].astype(str) != "")
    if detector not in seen["detector"]:
        return image
    meshes = [np.array(json.loads(str(t))) for t in seen["skyMesh"]]
    places = [_places(seen, row, meshes[row].shape) for row in range(len(seen))]
    number = np.repeat(seen["detector"], [m.size for m in meshes])
    x, y = (np.concatenate([p[k].ravel() for p in places]) for k in range(2))
    sky = fit_focal_sky(x, y, np.concatenate([m.ravel() for m in meshes]), number)
    row = int(np.flatnonzero(seen["detector"] == detector)[0])
    own, unit = image.background, float(seen["pixelScale"][row]) ** 2
    expected = sky.at(*_places(seen, row, own.level.shape), detector) * unit
    new, lifted = without_objects(own, expected, sky.scatter * unit)
    return _resubtracted(image, new) if lifted.any() else image


def _resubtracted(image: CalibratedImage, sky: BackgroundModel) -> CalibratedImage:
    pixels = image.image
    flux = pixels.flux + np.where(
        pixels.variance > 0, background_map(image.background) - background_map(sky), 0
    )
    return replace(image, image=Image(flux.astype(np.float32), pixels.variance, pixels.mask), background=sky)


def _places(summary: Catalog, row: int, cells: tuple[int, ...]) -> tuple[F8, F8]:
    """Places of the centres of a detector's cells on the focal plane, in units of its radius."""
    ra0, dec0 = np.radians(summary["ra"][0]), np.radians(np.mean(summary["dec"]))
    corner = {}
    for name in ("ll", "lr", "ul", "ur"):
        ra, dec = (np.radians(summary[f"{name}c{a}"]) for a in ("ra", "dec"))
        corner[name] = np.stack(tangent_offsets(ra, dec, np.full_like(ra, ra0), np.full_like(ra, dec0)))
    every = np.concatenate(list(corner.values()), axis=1)
    middle = 0.5 * (every.max(axis=1) + every.min(axis=1))
    radius = 0.5 * np.ptp(every, axis=1).max()
    v, u = ((np.arange(n) + 0.5) / n for n in cells)
    u, v = np.meshgrid(u, v)
    ll, lr, ul, ur = (
        (corner[n][:, row, None, None] - middle[:, None, None]) / radius for n in ("ll", "lr", "ul", "ur")
    )
    x, y = (1 - u) * (1 - v) * ll + u * (1 - v) * lr + (1 - u) * v * ul + u * v * ur
    return x, y
