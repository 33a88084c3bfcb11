import copy
from pathlib import Path

import pytest
import yaml

from gnomon.errors import ConfigError
from gnomon.io.instrument import instrument_from_mapping, read_instrument

FOLDER = Path(__file__).parents[2] / "config" / "instruments"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda p: p.stem)
def test_delivered_instruments_are_valid_and_named_as_their_file(path):
    assert read_instrument(path).name == path.stem


def spoil(keys, value):
    content = yaml.safe_load((FOLDER / "gnomonsim.yaml").read_text())
    here = content
    for key in keys[:-1]:
        here = here[key]
    here[keys[-1]] = value
    return copy.deepcopy(content)


@pytest.mark.parametrize(
    "keys, value, says",
    [
        (["piksels"], "raw", "piksels: there is no such key"),
        (["raw", "gian"], 1.0, "raw.gian: there is no such key"),
        (["headers", "fliter"], ["FILTER"], "headers.fliter: there is no such key"),
        (["pixels"], "cooked", "pixels: "),
        (["detectors", 0, "id"], 1, "none twice"),
        (["detectors", 0, "id"], 1000, "0 to 999"),
        (["detectors", 0, "shape"], [0, 5], "positive rows"),
        (["detectors"], [], "at least one"),
        (["pixel_scale_arcsec"], 0, "above 0"),
        (["raw", "linearity"], [1.0] * 5, "at most 4"),
        (["raw", "suspect_fraction"], 0, "suspect_fraction"),
        (["raw", "crosstalk"], [[0, 1]], "as many columns as rows"),
        (["calibrated"], {"mask_mark": "_ood_"}, "image_mark"),
        (["calibrated"], {"mask_planes": {1: "BROKEN"}}, "BROKEN"),
        (["constants"], {"colour": "red"}, "colour"),
        (["obstypes"], {"OBJECT": "sky"}, "obstypes.OBJECT"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(keys, value, says):
    with pytest.raises(ConfigError) as refused:
        instrument_from_mapping(spoil(keys, value), "cam.yaml")
    assert says in str(refused.value)
    assert str(refused.value).startswith("cam.yaml: ")
    assert "\n" not in str(refused.value)


def test_missing_key_is_named():
    content = spoil(["name"], "x")
    del content["filters"]
    with pytest.raises(ConfigError, match="filters: this key is wanted and missing"):
        instrument_from_mapping(content, "cam.yaml")


def test_missing_file_and_text_that_is_not_yaml_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="no such file"):
        read_instrument(tmp_path / "none.yaml")
    (tmp_path / "bad.yaml").write_text("a: [1, 2\nb: }")
    with pytest.raises(ConfigError, match="not YAML"):
        read_instrument(tmp_path / "bad.yaml")
