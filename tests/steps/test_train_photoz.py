import numpy as np
import pytest

from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.containers.provenance import Provenance
from gnomon.errors import UnprocessableData
from gnomon.io.models import read_model, write_model
from gnomon.pipeline.object import TrainPhotozConfig
from gnomon.steps.train_photoz import train_photoz

CONFIG = TrainPhotozConfig(bands=("g", "r", "i"), members=1, steps=200)


def field(n=500, seed=0):
    """Objects whose colours follow redshift, in two overlapping patches, and spectra of most of them."""
    rng = np.random.default_rng(seed)
    z = rng.uniform(0.1, 0.9, n)
    g = 2000 * 10 ** (0.3 * rng.standard_normal(n))
    columns = {
        "objectId": np.arange(n) + 10, "coord_ra": 10 + rng.uniform(0, 0.3, n),
        "coord_dec": rng.uniform(0, 0.3, n), "detect_isPrimary": np.ones(n, np.bool_),
    }  # fmt: skip
    for band, flux in {"g": g, "r": g * np.exp(z), "i": g * np.exp(1.4 * z)}.items():
        columns |= {f"{band}_cModelFlux": flux, f"{band}_cModelFluxErr": 0.03 * flux}
    spectra = {"coord_ra": columns["coord_ra"] + 1e-5, "coord_dec": columns["coord_dec"], "redshift": z}
    return Catalog(columns), Catalog(spectra | {"redshiftErr": 0 * z}).take(np.arange(n) % 10 > 0)


def test_model_says_its_bands_and_survives_the_file(tmp_path):
    objects, spectra = field()
    model = train_photoz([objects], [spectra], data_id=DataId(), config=CONFIG)
    write_model(model, tmp_path / "m.h5", Provenance("train_photoz", 1, "{}", {}))
    back = read_model(tmp_path / "m.h5")
    assert [b.decode() for b in back["bands"]] == ["g", "r", "i"]
    assert back["edges"].shape == (201,)


def test_secondary_objects_do_not_train():
    objects, spectra = field()
    objects["detect_isPrimary"][:450] = False
    with pytest.raises(UnprocessableData, match="usable spectroscopic"):
        train_photoz([objects], [spectra], data_id=DataId(), config=CONFIG)


def test_no_spectra_are_told():
    objects, _ = field()
    with pytest.raises(UnprocessableData, match="no spectroscopic redshifts"):
        train_photoz([objects], [], data_id=DataId(), config=CONFIG)


def test_bands_that_nobody_was_seen_in_are_left_out():
    objects, spectra = field()
    config = TrainPhotozConfig(bands=("u", "g", "r", "i", "y"), members=1, steps=10)
    model = train_photoz([objects], [spectra], data_id=DataId(), config=config)
    assert [b.decode() for b in model["bands"]] == ["g", "r", "i"]


def test_one_band_is_no_colour():
    objects, spectra = field()
    with pytest.raises(UnprocessableData, match="no colour"):
        train_photoz(
            [objects], [spectra], data_id=DataId(), config=TrainPhotozConfig(bands=("u", "g"), members=1)
        )
