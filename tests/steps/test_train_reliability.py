import numpy as np
import pytest

from gnomon.algorithms.detect import significance_map
from gnomon.algorithms.reliability.examples import injected_examples, surely_bogus, without_repeats
from gnomon.algorithms.reliability.features import NAMES
from gnomon.algorithms.reliability.inject import inject
from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.containers.parts import Parts, no_parts
from gnomon.errors import UnprocessableData
from gnomon.pipeline.diff import TrainReliabilityConfig
from gnomon.steps.train_reliability import train_reliability
from steps import judged


def train(images, templates, tables, **options):
    config = TrainReliabilityConfig(**options)
    return train_reliability(images, templates, tables, tables, data_id=DataId(), config=config)


def test_the_same_images_give_the_same_model():
    first = judged.model()
    judged.model.cache_clear()
    again = judged.model()
    assert {k: v.tobytes() for k, v in first.items()} == {k: v.tobytes() for k, v in again.items()}


def test_injected_sources_are_found_again_and_artefacts_too():
    image, template = judged.pair(1)
    args = image.image, image.psf, template.image.flux, 60
    real, bogus = injected_examples(*args, (20.0, 30.0), 0.1, np.random.default_rng(1))
    # 40 sources, of which those on the brightest stars drown in the noise of registration; 20 artefacts, some of
    # them dipoles too small to be seen, some in two pieces
    assert 30 <= len(real) <= 40
    assert 5 <= len(bogus) <= 40
    assert np.isfinite(real).all() and np.isfinite(bogus).all()


def test_what_comes_back_is_no_artefact_but_a_dipole_is_one():
    ra = np.array([10.0, 10.1, 10.2])
    tables = [
        Catalog({"visit": np.full(3, v), "ra": ra + d, "dec": np.zeros(3), "isDipole": np.arange(3) == 2})
        for v, d in ((1, 0.0), (1, 1e-5), (2, np.array([1e-5, 0.01, 1e-5])))
    ]
    assert without_repeats(tables[0], tables, np.radians(1 / 3600)).tolist() == [False, True, True]
    assert without_repeats(tables[0], tables[:2], np.radians(1 / 3600)).tolist() == [True, True, True]


def test_a_rise_on_dark_sky_may_be_an_asteroid_and_is_no_example():
    measured = np.zeros((3, len(NAMES)))
    measured[1, NAMES.index("is_negative")] = 1.0  # a fall; the others are rises, the last on a star
    measured[2, NAMES.index("template_snr_near")] = 2.0
    assert surely_bogus(measured).tolist() == [False, True, True]
    assert not len(surely_bogus(measured[:0]))


def test_what_has_faded_stands_in_the_template():
    image, template = judged.pair(1)
    flux, beam = template.image.flux, image.psf
    score = significance_map(template.image, beam)
    new = inject(image.image, beam, flux, score, 60, (50.0, 60.0), 0.1, np.random.default_rng(1))
    x, y = (np.rint(v[new.real]).astype(int) for v in (new.x, new.y))
    fell = new.image.flux[y, x] < image.image.flux[y, x]
    added = (new.template - flux)[y, x]
    assert 0.2 < fell.mean() < 0.6
    assert (added[fell] > 0).all() and not added[~fell].any()


def test_a_small_image_is_used_in_several_rounds():
    image, template = judged.pair(1)
    args = image.image, image.psf, template.image.flux
    few, many = (
        injected_examples(*args, n, (20.0, 30.0), 0.1, np.random.default_rng(1))[0] for n in (81, 162)
    )
    assert len(many) > 1.7 * len(few)  # there is room for 81


@pytest.mark.parametrize("images", [[], [no_parts("no template")]])
def test_nothing_to_learn_from_is_told(images):
    tables = [Catalog({}) for _ in images]
    with pytest.raises(UnprocessableData, match="0 real and 0 bogus"):
        train(images, images, tables)


def test_too_few_sources_are_told():
    image, template = judged.pair(1)
    parts = [[Parts((0,), lambda _, i=i: i)] for i in (image, template)]
    with pytest.raises(UnprocessableData, match="100 of each wanted"):
        train(*parts, [judged.candidates(1, image, template)], injected=20)
