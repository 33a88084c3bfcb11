"""A file that exists is a file that is whole."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: str | Path, *, written: bool = True) -> Iterator[Path]:
    """Give a temporary name in the file's own folder; move it into place when the block ends well.

    A block that raises leaves neither the file nor the temporary one. What was ``written`` is brought to the disk
    first; a link has nothing to bring.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        if written:
            with open(temporary, "rb+") as opened:
                os.fsync(opened.fileno())
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
