"""Fetch survey frames of a field from the ESO archive (needs a network and astroquery); files that are there stay.

The frames of a VIKING field, for config/campaigns/viking.yaml:

    python scripts/fetch_exposures.py --survey VIKING --ra 36.9 --dec -5.2 --box-arcmin 10 --into DIR
"""

import argparse
from pathlib import Path
from typing import Any

_IDENTIFIER = "ARCFILE"
"""Column of the archive's answer that names a file."""


def main(archive: Any = None) -> None:  # noqa: ANN401
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--survey", default="VIKING", help="name of the survey at ESO")
    for name in ("ra", "dec"):
        parser.add_argument(f"--{name}", type=float, required=True, help="degrees")
    parser.add_argument("--box-arcmin", type=int, default=10, help="side of the searched square")
    parser.add_argument("--most", type=int, default=10, help="files at most")
    parser.add_argument("--into", type=Path, required=True, help="folder of the files")
    a = parser.parse_args()
    archive = archive or _eso(parser)
    found = archive.query_surveys(
        surveys=a.survey, coord1=a.ra, coord2=a.dec, box=f"00 {a.box_arcmin:02d} 00", ftype="IMAGE"
    )
    if found is None or len(found) == 0:
        parser.error(f"the archive has no image of {a.survey} at ra {a.ra} dec {a.dec}")
    a.into.mkdir(parents=True, exist_ok=True)
    names = sorted(str(n) for n in found[_IDENTIFIER])[: a.most]
    archive.retrieve_data(names, destination=str(a.into))
    parser.exit(0, f"{len(names)} files in {a.into}\n")


def _eso(parser: argparse.ArgumentParser) -> Any:  # noqa: ANN401
    try:
        from astroquery.eso import Eso
    except ImportError:
        parser.error("astroquery is not installed: pip install 'gnomon[fetch]'")
    return Eso()


if __name__ == "__main__":
    main()
