"""One sentence instead of a traceback where a question cannot be answered."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from gnomon.errors import ConfigError, UnprocessableData

log = logging.getLogger("gnomon")


@contextmanager
def told(program: str) -> Iterator[None]:
    """Log to standard error; exit 2 after one sentence when something was asked for that cannot be."""
    logging.basicConfig(level="INFO", format="%(levelname)s %(message)s", stream=sys.stderr)
    try:
        yield
    except (ConfigError, UnprocessableData) as error:
        log.error("%s: %s", program, error)
        raise SystemExit(2) from None
