"""What a release can be made again from, in one file: code, locked environment, campaign, hashes."""

import io
import json
import tarfile
from dataclasses import asdict
from pathlib import Path

from gnomon.errors import ConfigError
from gnomon.io.atomic import replacing
from gnomon.smk import campaign_file, campaign_options

_CODE = ("Snakefile", "Makefile", "CMakeLists.txt", "pyproject.toml", "README.md", "LICENSE")
_FOLDERS = ("workflow", "rules", "scripts", "config", "envs", "profiles")
_BUILT = (".so", ".pyc", ".pyi", ".pyd")
_README = """A release of the campaign {name}, to be made again.

    tar xf THIS && cd code
    make kernels                                  # the locked environment and the compiled parts
    .venv/bin/snakemake --profile profiles/local --cores 8 --configfile ../campaign.yaml --config root=run
    .venv/bin/python scripts/manifest.py --root run
    .venv/bin/python scripts/compare.py ../manifest.parquet run

campaign.yaml is the campaign as it was given, campaign.json with every default filled in; manifest.parquet has the
SHA-256 of every product and of everything it was made from. Exposures and reference catalogues are not in here:
their hashes are, as parents without a folder.
"""


def write_archive(path: Path, manifest: Path, configfile: Path | None) -> None:
    """Write a tar file; the same release gives the same bytes.

    Raises
    ------
    ConfigError
        There is no campaign file, or this is not the project's folder.
    """
    if configfile is None or not configfile.is_file():
        raise ConfigError("an archive needs the campaign: --configfile FILE")
    if not Path("Snakefile").is_file():
        raise ConfigError("an archive holds the code: call this from the project's folder")
    config = campaign_file(configfile)
    options = json.dumps(asdict(campaign_options(config)), indent=1, sort_keys=True)
    with replacing(path) as temporary, tarfile.open(temporary, "w", format=tarfile.USTAR_FORMAT) as tar:
        _add(tar, "README", _README.format(name=config["campaign"]).encode())
        _add(tar, "campaign.yaml", configfile.read_bytes())
        _add(tar, "campaign.json", options.encode())
        _add(tar, "manifest.parquet", manifest.read_bytes())
        for name in code_files(Path()):
            _add(
                tar,
                f"code/{name}",
                Path(name).read_bytes(),
                executable=bool(Path(name).stat().st_mode & 0o100),
            )


def code_files(folder: Path) -> list[str]:
    """Files that a campaign's code consists of, sorted; nothing that was built from them."""
    found = [folder / n for n in _CODE if (folder / n).is_file()]
    for name in _FOLDERS:
        found += [p for p in (folder / name).rglob("*") if p.is_file() and p.suffix not in _BUILT]
    return sorted(str(p.relative_to(folder)) for p in found)


def _add(tar: tarfile.TarFile, name: str, content: bytes, executable: bool = False) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o755 if executable else 0o644
    tar.addfile(entry, io.BytesIO(content))
