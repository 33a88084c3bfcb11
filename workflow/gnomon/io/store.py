"""A store of products by what they were made from, so that two releases share what is the same in both.

The key of a product is the digest of its provenance, dataset and data id: step, version, options, hashes of all
inputs, which is all that its bytes depend on. The store keeps a hard link of the product where the disk allows it, a
copy elsewhere; a release that takes it has a symbolic link. A hard link there would not do: Snakemake sets the time of
a job's outputs when it ends, and the other release's file would look newer than what was made of it. Products are never
written in place, so a release cannot harm another one.
"""

import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from gnomon.containers.dataid import DataId
from gnomon.containers.provenance import Provenance
from gnomon.io.atomic import replacing
from gnomon.io.provenance import to_json


def take(store: str, made_by: Provenance, data_id: DataId, outputs: Mapping[str, str]) -> bool:
    """Put products of an earlier job in place, all or none; whether there were any.

    Parameters
    ----------
    store
        Folder of the store.
    made_by
        What the products would tell of themselves.
    data_id
        Of the job.
    outputs
        Path of each product by its dataset type.
    """
    stored = {path: _place(store, made_by, data_id, dataset) for dataset, path in outputs.items()}
    if not all(p.is_file() for p in stored.values()):
        return False
    for path, source in stored.items():
        with replacing(path, written=False) as temporary:
            temporary.symlink_to(source.absolute())
    return True


def give(store: str, made_by: Provenance, data_id: DataId, outputs: Mapping[str, str]) -> None:
    """Keep the products of a job; arguments as those of `take`."""
    for dataset, path in outputs.items():
        with replacing(_place(store, made_by, data_id, dataset), written=False) as temporary:
            _link_or_copy(path, temporary)


def _place(store: str, made_by: Provenance, data_id: DataId, dataset: str) -> Path:
    told = f"{dataset} {data_id} {to_json(made_by)}"
    key = hashlib.sha256(told.encode()).hexdigest()
    return Path(store, key[:2], key[2:])


def _link_or_copy(source: str, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
