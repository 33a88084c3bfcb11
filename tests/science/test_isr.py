"""The simulated camera, read by its instrument file and detrended, against the truth that made it."""

from pathlib import Path

import numpy as np
import pytest

from gnomon.containers.dataid import DataId
from gnomon.containers.provenance import Provenance
from gnomon.flags import MASK
from gnomon.io.instrument import read_instrument
from gnomon.io.raw import open_raw
from gnomon.io.raw_fits import write_raw
from gnomon.pipeline.calib import DefectsConfig, MasterConfig
from gnomon.pipeline.visit import IsrConfig
from gnomon.sim.camera import amplifiers, bias_pattern, sensor
from gnomon.sim.exposure import simulate_visit
from gnomon.sim.recipe import demo_recipe
from gnomon.sim.schedule import visits
from gnomon.sim.sky import build_sky
from gnomon.steps.defects import defects
from gnomon.steps.isr import isr
from gnomon.steps.master_bias import master_bias
from gnomon.steps.master_dark import master_dark
from gnomon.steps.master_flat import master_flat

pytestmark = pytest.mark.science
CAMERA = read_instrument(Path(__file__).parents[2] / "config/instruments/gnomonsim.yaml")
DETECTOR = 1
ID = DataId("gnomonsim", detector=DETECTOR)


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    """Masters and one r visit of one detector, all through files, and the truth."""
    recipe, folder = demo_recipe(), tmp_path_factory.mktemp("raw")
    sky = build_sky(recipe)
    taken = {"bias": [], "dark": [], "flat": [], "science": []}
    truth = None
    for visit in visits(recipe):
        if visit.obstype in ("flat", "science") and visit.band != "r":
            continue
        if visit.obstype == "science" and taken["science"]:
            continue
        raw, known = simulate_visit(recipe, sky, visit)
        truth = known if visit.obstype == "science" else truth
        write_raw(raw, folder / f"{visit.visit}.fits", Provenance("simulate", 1, "{}", {}))
        exposure = open_raw([str(folder / f"{visit.visit}.fits")], CAMERA, visit.visit)[DETECTOR]
        taken[visit.obstype].append(exposure)
    bias = master_bias(CAMERA, taken["bias"], ID, MasterConfig())
    dark = master_dark(CAMERA, taken["dark"], [bias], ID, MasterConfig())
    flat = master_flat(CAMERA, taken["flat"], [bias], [dark], ID, MasterConfig())
    bad = defects([flat], [dark], ID, DefectsConfig())
    made = isr(CAMERA, taken["science"][0], [bias], [dark], [flat], [bad], data_id=ID, config=IsrConfig())
    return recipe, truth, {"bias": bias, "dark": dark, "flat": flat, "defects": bad}, made


def robust(values):
    return np.median(values), 1.4826 * np.median(np.abs(values - np.median(values)))


def assert_honest(master, true, good, slack=0.0):
    middle, width = robust(((master.flux - true) / np.sqrt(master.variance))[good])
    # a million pixels: statistics to 0.002; levels common to rows, amplifiers and exposures allow 0.05
    assert abs(middle) < 0.05 + slack
    assert width == pytest.approx(1, abs=0.05)


def test_masters_agree_with_the_truth_within_their_errors(scene):
    recipe, _, masters, _ = scene
    part = sensor(recipe, DETECTOR, "r")
    good = ~part.defects
    pattern = np.zeros(part.flat.shape)
    for number, amp in enumerate(amplifiers(recipe.camera, DETECTOR)):
        known = bias_pattern(recipe, DETECTOR, number, amp)
        known = (
            known
            if known.shape == amp.detsec.shape
            else known[:, recipe.camera.prescan :][:, : amp.detsec.shape[1]]
        )
        pattern[amp.detsec.slices()] = amp.detsec.orient(known)
    assert_honest(masters["bias"], pattern, good)
    assert_honest(masters["dark"], part.dark, good)
    assert_honest(masters["flat"], part.flat / np.median(part.flat[good]), good)


def test_defects_that_matter_are_found(scene):
    recipe, _, masters, _ = scene
    part = sensor(recipe, DETECTOR, "r")
    found = (masters["defects"].mask & MASK["BAD"]) != 0
    bad = (part.dark > 6.0) | (part.flat < 0.7)  # beyond the limits by more than their errors
    assert not (bad & ~found).any()
    columns = np.flatnonzero(part.defects.sum(axis=0) > 100)
    stray = found & ~part.defects
    stray[:, columns] = False  # columns that are bad over part of their length are taken whole
    assert np.count_nonzero(stray) < 1e-5 * stray.size


def test_sky_is_flat_and_its_noise_as_stated(scene):
    _, truth, _, made = scene
    image = made.image
    clear = (image.mask == 0) & (image.flux < np.median(image.flux) + 3 * np.sqrt(image.variance))
    both = clear[:, 1:] & clear[:, :-1]  # neighbours share sources but not noise
    step = (image.flux[:, 1:] - image.flux[:, :-1])[both]
    step /= np.sqrt((image.variance[:, 1:] + image.variance[:, :-1])[both])
    # clipping at 3 sigma and the gradients of faint sources change the width by a few per cent
    assert robust(step)[1] == pytest.approx(1, abs=0.04)
    background = float(truth.detectors["background"][DETECTOR])
    # median of the flat is set to 1, that of the illumination is 0.98; faint sources lift the median
    assert np.median(image.flux[clear]) == pytest.approx(background, rel=0.03)
    left, right = (np.median(image.flux[:, h][clear[:, h]]) for h in (slice(512), slice(512, None)))
    assert left == pytest.approx(right, rel=0.003)  # no step between amplifiers


def test_star_light_is_kept(scene):
    """Electrons within 15 pixels of bright unsaturated stars are those the simulator put in."""
    _, truth, _, made = scene
    image, stars = made.image, truth.sources
    stars = stars.take(
        (stars["detector"] == DETECTOR) & (stars["electrons"] > 3e4) & (stars["electrons"] < 4e5)
    )
    ratios = []
    y, x = np.indices(image.shape)
    for sx, sy, electrons in zip(stars["x"], stars["y"], stars["electrons"], strict=True):
        if not (40 < sx < 984 and 40 < sy < 984):
            continue
        r = np.hypot(x[:] - sx, y[:] - sy)
        inside, ring = r < 15, (r > 22) & (r < 32)
        if (image.mask[inside] != 0).any():
            continue
        sky = np.median(image.flux[ring & (image.mask == 0)])
        ratios.append((image.flux[inside].sum() - sky * inside.sum()) / electrons)
    assert len(ratios) >= 3
    # flat normalised to its median (0.98 of 1); 2 to 4 % of the light is beyond 15 pixels; neighbours add some
    assert np.median(ratios) == pytest.approx(0.98, abs=0.04)
