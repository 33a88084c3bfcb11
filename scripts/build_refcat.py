"""Cut tables of a known catalogue into reference shards."""

import argparse
import json
from pathlib import Path

from gnomon.audit.said import told
from gnomon.containers.provenance import Provenance
from gnomon.io.provenance import digests
from gnomon.io.refcat import write_refcat
from gnomon.io.refcat_tables import read_columns, read_flavours, to_reference


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="+", help="CSV, Parquet or FITS tables")
    parser.add_argument("--flavour", required=True, help="a name in config/refcats.yaml")
    parser.add_argument("--into", required=True, help="folder of the shards")
    parser.add_argument(
        "--flavours", default="config/refcats.yaml", help="the kinds of catalogue that are known"
    )
    arguments = parser.parse_args()
    flavours = read_flavours(arguments.flavours)
    if arguments.flavour not in flavours:
        parser.error(f"{arguments.flavour} is none of {', '.join(flavours)}")
    missing = [t for t in arguments.tables if not Path(t).is_file()]
    if missing:
        parser.error(f"there is no table {missing[0]}")
    config = json.dumps({"flavour": arguments.flavour})
    provenance = Provenance("build_refcat", 1, config, digests(arguments.tables, "."))
    parts = (to_reference(read_columns(t), flavours[arguments.flavour]) for t in arguments.tables)
    with told("build_refcat"):
        paths = write_refcat(parts, arguments.into, provenance)
    parser.exit(0, f"{len(paths)} shards in {arguments.into}\n")


if __name__ == "__main__":
    main()
