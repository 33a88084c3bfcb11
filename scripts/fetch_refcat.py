"""Fetch a piece of a catalogue (needs a network and astroquery) and keep the answer as a file."""

import argparse

import numpy as np

from gnomon.io.refcat import Region
from gnomon.io.refcat_fetch import fetch_cached


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("flavour", choices=["gaia_dr2", "gaia_dr3", "panstarrs1", "sdss"])
    for name in ("ra", "dec", "radius"):
        parser.add_argument(f"--{name}", type=float, required=True, help="degrees")
    parser.add_argument("--cache", required=True, help="folder of the answers")
    a = parser.parse_args()
    region = Region(*(float(np.deg2rad(v)) for v in (a.ra, a.dec, a.radius)))
    parser.exit(0, f"{fetch_cached(a.flavour, region, a.cache)}\n")


if __name__ == "__main__":
    main()
