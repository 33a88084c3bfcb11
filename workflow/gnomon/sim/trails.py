"""Satellites that cross an exposure: straight lines over the whole mosaic."""

import numpy as np
import numpy.typing as npt

from gnomon.containers.catalog import Catalog
from gnomon.sim.optics import corner_radius, detector_centres
from gnomon.sim.recipe import SurveyRecipe
from gnomon.sim.schedule import Visit, random_generator

F8 = npt.NDArray[np.float64]

_PEAK_E = (120.0, 1500.0)  # range of the brightness across the trail, electrons per pixel
_REACH_SIGMA = 6.0


def draw_trails(recipe: SurveyRecipe, visit: Visit) -> Catalog:
    """None or one satellite: x0, y0, x1, y1 (focal-plane pixels), peak (electrons), sigma (pixels)."""
    rng = random_generator(recipe, visit.visit, 7)
    n = int(visit.obstype == "science" and rng.random() < recipe.trail_probability)
    radius = corner_radius(recipe.camera)
    angle, offset = rng.uniform(0, np.pi, n), rng.uniform(-0.6, 0.6, n) * radius
    along = np.stack([np.cos(angle), np.sin(angle)])
    middle = offset * np.stack([-np.sin(angle), np.cos(angle)])
    start, end = middle - 1.5 * radius * along, middle + 1.5 * radius * along
    sigma = np.full(n, visit.seeing_arcsec / 2.355 / recipe.camera.pixel_scale_arcsec + 0.5)
    peak = _PEAK_E[0] * (_PEAK_E[1] / _PEAK_E[0]) ** rng.random(n)
    columns = {"x0": start[0], "y0": start[1], "x1": end[0], "y1": end[1], "peak": peak, "sigma": sigma}
    return Catalog(columns)


def trail_image(recipe: SurveyRecipe, detector: int, trails: Catalog) -> F8:
    """Electrons (ny, nx) of the trails on a detector, or a zero that broadcasts where there are none."""
    if len(trails) == 0:
        return np.zeros((1, 1))
    n, centre = recipe.camera.size, detector_centres(recipe.camera)[detector]
    pixels = np.arange(n) - 0.5 * (n - 1)
    image = np.zeros((n, n))
    for x0, y0, x1, y1, peak, sigma in zip(*trails.columns.values(), strict=True):
        length = np.hypot(x1 - x0, y1 - y0)
        across = (pixels + centre[1] - y0)[:, None] * (x1 - x0) - (pixels + centre[0] - x0)[None, :] * (
            y1 - y0
        )
        distance = across / (length * sigma)
        near = np.abs(distance) < _REACH_SIGMA
        image[near] += peak * np.exp(-0.5 * distance[near] ** 2)
    return image
