import numpy as np
import pytest

from gnomon.algorithms.validation.measures import MEASURES
from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.errors import UnprocessableData
from gnomon.io.catalogs import conform, empty_catalog
from gnomon.pipeline.release import CheckDerivedConfig
from gnomon.sim.recipe import toy_recipe
from gnomon.sim.stars import CONSTANT, RR_LYRAE
from gnomon.steps.check_derived import check_derived

N = 400


def sky():
    """Galaxies whose colours follow redshift and stars of which a quarter pulsate, all of them objects."""
    rng = np.random.default_rng(0)
    ra, dec = rng.uniform(10, 10.2, N), rng.uniform(-5, -4.8, N)
    z = rng.uniform(0.1, 0.9, N)
    g = 2000 * 10 ** (0.2 * rng.standard_normal(N))
    columns = {"objectId": np.arange(N)[::-1] + 7, "coord_ra": ra, "coord_dec": dec}
    columns["detect_isPrimary"] = np.ones(N, np.bool_)
    for band, flux in {"g": g, "r": g * np.exp(z), "i": g * np.exp(1.4 * z)}.items():
        columns |= {f"{band}_cModelFlux": flux, f"{band}_cModelFluxErr": 0.02 * flux}
    galaxies = Catalog({"ra": ra, "dec": dec, "redshift": z, "flux_i": columns["i_cModelFlux"]})
    some = np.arange(N) % 2 == 0
    spectra = Catalog({"coord_ra": ra[some], "coord_dec": dec[some], "redshift": z[some]})
    still = {n: np.zeros(N) for n in ("pm_ra", "pm_dec", "parallax")}
    kind = np.where(np.arange(N) % 4 == 0, RR_LYRAE, CONSTANT)
    stars = Catalog({"ra": ra, "dec": dec, "variable": kind, "period": np.full(N, 0.5), **still})
    return Catalog(columns), galaxies, spectra, stars


def run(objects, galaxies, spectra, stars, estimate, variable):
    identity = {n: objects[n] for n in ("objectId", "coord_ra", "coord_dec")}
    photoz = Catalog({**identity, "z_median": estimate, "photoz_flag_extrapolated": np.zeros(N, np.bool_)})
    variability = Catalog(
        {**identity, "isVariable": variable, "rrLyraePeriod": np.where(variable, 0.5, np.nan)}
    )
    return check_derived(
        toy_recipe(), stars, galaxies, [objects], [photoz.take(np.arange(N)[::-1])], [variability], spectra,
        data_id=DataId(tract=0), config=CheckDerivedConfig(),
    )  # fmt: skip


def value(table, quantity):
    return table["value"][table["quantity"] == quantity][0]


def test_true_redshifts_and_periods_pass():
    objects, galaxies, spectra, stars = sky()
    variable = stars["variable"] == RR_LYRAE
    table = run(objects, galaxies, [spectra], stars, galaxies["redshift"], variable)
    conform(table, "check")
    assert value(table, "photo-z scatter") == 0
    assert value(table, "RR Lyrae with their period") == 1
    assert value(table, "constant stars called variable") == 0
    assert set(table["quantity"]) <= {m.name for m in MEASURES}


def test_without_redshifts_only_light_curves_are_compared():
    objects, galaxies, _, stars = sky()
    table = run(objects, galaxies, [], stars, np.full(N, np.nan), np.zeros(N, np.bool_))
    assert not any("photo-z" in q for q in table["quantity"])
    assert value(table, "RR Lyrae called variable") == 0


def test_no_objects_are_told():
    objects, galaxies, spectra, stars = sky()
    with pytest.raises(UnprocessableData, match="no objects"):
        check_derived(
            toy_recipe(), stars, galaxies, [empty_catalog("object", "dark")], [], [], [spectra],
            data_id=DataId(tract=0), config=CheckDerivedConfig(),
        )  # fmt: skip
