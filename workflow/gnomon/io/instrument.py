"""Reading the description of an instrument."""

from pathlib import Path

import yaml
from pydantic import TypeAdapter, ValidationError

from gnomon.containers.instrument import Instrument
from gnomon.errors import ConfigError
from gnomon.schemas import YAML_LOADER

_ADAPTER: TypeAdapter[Instrument] = TypeAdapter(Instrument)


def read_instrument(path: str | Path) -> Instrument:
    """The instrument that a YAML file describes.

    Raises
    ------
    ConfigError
        The file is missing, is not YAML, or has a key or a value that cannot be; one sentence says which.
    """
    path = Path(path)
    if not path.is_file():
        raise ConfigError(f"{path.name}: found no such file, wanted the description of an instrument")
    try:
        content = yaml.load(path.read_text(), YAML_LOADER)
    except yaml.YAMLError as error:
        raise ConfigError(f"{path.name} is not YAML: {str(error).splitlines()[0]}") from error
    return instrument_from_mapping(content, path.name)


def instrument_from_mapping(content: object, source: str) -> Instrument:
    """The instrument that a mapping (of a YAML file, of a config) describes; `source` names it in errors.

    Raises
    ------
    ConfigError
        A key or a value cannot be.
    """
    try:
        return _ADAPTER.validate_python(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise ConfigError(f"{source}: {where}: {_sentence(first['type'], first['msg'])}{more}") from error


def _sentence(kind: str, message: str) -> str:
    """Pydantic's message in a reader's words."""
    if kind == "unexpected_keyword_argument":
        return "there is no such key"
    if kind == "missing":
        return "this key is wanted and missing"
    return message.removeprefix("Value error, ")
