import numpy as np
import pytest

from gnomon.containers.raw import parse_section


@pytest.mark.parametrize("text", ["[1:512,1:1024]", "[1024:513,1:1024]", "[8:1,16:9]", "[3:3,4:4]"])
def test_sections_read_back_as_written(text):
    if text == "[3:3,4:4]":  # a single pixel has no direction
        assert parse_section(text).shape == (1, 1)
    assert parse_section(text).to_fits() == text


def test_a_section_that_runs_backwards_reverses_what_it_holds():
    section = parse_section("[4:1,1:2]")
    pixels = np.arange(8).reshape(2, 4)
    np.testing.assert_array_equal(section.orient(pixels), pixels[:, ::-1])
    np.testing.assert_array_equal(section.orient(section.orient(pixels)), pixels)
    assert section.slices() == (slice(0, 2), slice(0, 4))


def test_text_that_is_no_section_is_refused():
    with pytest.raises(ValueError, match="wanted a section like"):
        parse_section("1:512,1:1024")
