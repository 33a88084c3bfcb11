"""A release in small: a recipe, stars made from it, galaxies made from the stars."""

from pathlib import Path

import numpy as np

from gnomon.containers.catalog import Catalog
from gnomon.containers.provenance import Provenance
from gnomon.io.catalogs import write_catalog
from gnomon.io.provenance import digests

STARS, GALAXIES, TRANSIENTS = "truth/stars.parquet", "truth/galaxies.parquet", "truth/transients.parquet"


def made_by(root, step, *inputs, config="{}"):
    return Provenance(step, 3, config, digests([str(Path(root, i)) for i in inputs], str(root)))


def write(root, path, provenance, seed=0, n=5):
    x = np.random.default_rng(seed).normal(size=n)
    write_catalog(Catalog({"x": x, "id": np.arange(n)}), Path(root, path), provenance, "")


def release(root, seed=0):
    root.mkdir(parents=True, exist_ok=True)
    outside = root.parent / "survey.yaml"
    outside.write_text("survey")
    write(root, STARS, made_by(root, "simulate_sky", str(outside), config='{"seed": 7}'), seed)
    write(root, GALAXIES, made_by(root, "simulate_sky", STARS))
    write(root, TRANSIENTS, made_by(root, "simulate", STARS, GALAXIES))
    return root
