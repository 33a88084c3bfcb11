"""List what a folder of exposures holds, and what of it cannot be used and why."""

import argparse
import sys
from pathlib import Path

from gnomon.containers.provenance import Provenance
from gnomon.errors import ConfigError
from gnomon.io.catalogs import write_catalog
from gnomon.io.ingest import SCHEMA, exposure_files, ingest, listing
from gnomon.io.instrument import read_instrument


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="+", help="folders or files of exposures")
    parser.add_argument("--instrument", required=True, help="name of a file in config/instruments")
    parser.add_argument("--out", type=Path, help="write the table of visits there (Parquet)")
    args = parser.parse_args()
    try:
        instrument = read_instrument(Path("config/instruments") / f"{args.instrument}.yaml")
    except ConfigError as error:
        sys.exit(f"ingest: {error}")
    found = ingest([p for d in args.data for p in (exposure_files(d) if d.is_dir() else [d])], instrument)
    sys.stdout.write(listing(found) + "\n")
    if args.out:
        write_catalog(found.table, args.out, Provenance("ingest", 1, "{}", {}), SCHEMA)


if __name__ == "__main__":
    main()
