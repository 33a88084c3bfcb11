import pytest

from gnomon.io.calendar import (
    from_decimal_date,
    from_iso,
    from_packed_date,
    to_decimal_date,
    to_iso,
    to_packed_date,
)


@pytest.mark.parametrize(
    "packed, mjd", [("J9611", 50083), ("J961A", 50092), ("J969U", 50356), ("K01AM", 52204)]
)
def test_packed_dates_of_the_mpc(packed, mjd):
    assert from_packed_date(packed) == mjd
    assert to_packed_date(mjd) == packed


@pytest.mark.parametrize("mjd", [51544.0, 60218.0147882, 61000.9999999999])
def test_times_survive_writing(mjd):
    assert from_iso(to_iso(mjd)) == pytest.approx(mjd, abs=0.6e-3 / 86400)
    assert from_decimal_date(to_decimal_date(mjd)) == pytest.approx(mjd, abs=0.6e-6)


def test_the_zero_of_the_count():
    assert from_decimal_date("1858 11 17.0") == 0.0


def test_wrong_texts_are_refused():
    for wrong in ("2024-01-01", "2024-13-01T00:00:00Z"):
        with pytest.raises(ValueError):
            from_iso(wrong)
    with pytest.raises(ValueError):
        from_packed_date("K2ZZ")
