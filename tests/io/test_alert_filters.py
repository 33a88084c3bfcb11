import pytest

from gnomon.errors import ConfigError
from gnomon.io.alert_filters import read_filters

GOOD = """
young:
  where: diaObject.nDiaSources <= 3 and diaSource.reliability > 0.5
mine:
  watchlist: [[10.0, -5.0], [359.9, 0.0]]
  radius_arcsec: 2
all:
"""


def test_filters_are_read_in_order(tmp_path):
    (tmp_path / "f.yaml").write_text(GOOD)
    young, mine, everything = read_filters(tmp_path / "f.yaml")
    assert (young.name, mine.name, everything.where) == ("young", "mine", "")
    assert len(mine.watchlist.ra) == 2


@pytest.mark.parametrize(
    "text,message",
    [
        ("a: {where: diaSource.nope > 1}", "no column diaSource.nope"),
        ("a: {were: 1}", "unknown were"),
        ("a: {where: 'diaSource.snr >'}", "does not parse"),
        ("a: {watchlist: [[1, 2]]}", "radius_arcsec"),
        ("[1, 2]", "names of filters"),
    ],
)
def test_mistakes_are_refused_before_any_alert(tmp_path, text, message):
    (tmp_path / "f.yaml").write_text(text)
    with pytest.raises(ConfigError, match=message):
        read_filters(tmp_path / "f.yaml")
