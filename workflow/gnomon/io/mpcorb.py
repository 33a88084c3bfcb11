"""Orbits in the Minor Planet Center's MPCORB format (one line of 202 columns an orbit)."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.orbit.elements import GM_SUN, cartesian_to_keplerian, keplerian_to_cartesian
from gnomon.algorithms.orbit.timescales import tdb_minus_tt
from gnomon.containers.orbit import Orbits
from gnomon.containers.perturbers import SUN, PerturberTable
from gnomon.containers.provenance import Provenance
from gnomon.errors import UnprocessableData
from gnomon.io.atomic import replacing
from gnomon.io.calendar import from_packed_date, to_packed_date
from gnomon.io.designations import pack, unpack
from gnomon.io.provenance import to_json

F8 = npt.NDArray[np.float64]

_WIDTH = 202
_ELEMENTS_END = 103
# First and last column, counted from 1 (MPC, "Export format for minor-planet orbits").
_COLUMNS = {
    "H": (9, 13),
    "G": (15, 19),
    "M": (27, 35),
    "peri": (38, 46),
    "node": (49, 57),
    "incl": (60, 68),
    "e": (71, 79),
    "a": (93, 103),
}
_OPTIONAL = ("H", "G")
_HALF_SECOND = 0.5 / 86400
_DEFAULT_G = 0.15


def read_mpcorb(path: Path, table: PerturberTable) -> Orbits:
    """Orbits of a file; blank lines and a header that ends in a line of dashes are skipped.

    States are barycentric at the lines' epochs; covariances are unknown (NaN). Rounding of the format: 14
    mas in the place at opposition (median main belt).

    Raises
    ------
    UnprocessableData
        A line is too short or a field is no number: names line, field and what stands there.
    """
    numbered = list(enumerate(path.read_text("latin-1").splitlines(), start=1))
    dashes = [k for k, (_, line) in enumerate(numbered[:100]) if line.startswith("-----")]
    lines = [(n, s) for n, s in numbered[dashes[0] + 1 if dashes else 0 :] if s.strip()]
    for number, line in lines:
        if len(line.rstrip()) < _ELEMENTS_END:
            raise UnprocessableData(
                f"{path.name} line {number} has {len(line.rstrip())} columns, an orbit needs {_ELEMENTS_END}"
            )
    if not lines:
        return no_orbits()
    values = {name: _numbers(lines, name, path.name) for name in _COLUMNS}
    epoch_tt = np.array([_parsed(from_packed_date, s[20:25], n, "epoch", path.name) for n, s in lines])
    if np.any((values["e"] >= 1) | (values["e"] < 0) | (values["a"] <= 0)):
        bad = int(np.flatnonzero((values["e"] >= 1) | (values["e"] < 0) | (values["a"] <= 0))[0])
        raise UnprocessableData(
            f"{path.name} line {lines[bad][0]}: no ellipse: e {values['e'][bad]}, a {values['a'][bad]}"
        )
    angles = [np.deg2rad(values[name]) for name in ("incl", "node", "peri", "M")]
    state = keplerian_to_cartesian(np.stack([values["a"], values["e"], *angles], axis=-1))
    epoch = epoch_tt + tdb_minus_tt(epoch_tt)
    state = state + np.concatenate(table.state(SUN, epoch), axis=-1)
    names = np.array([_name(s) for _, s in lines])
    slope = np.where(np.isfinite(values["G"]), values["G"], _DEFAULT_G)
    return Orbits(names, epoch, state, np.full((len(lines), 6, 6), np.nan), values["H"], slope)


def write_mpcorb(
    orbits: Orbits, path: Path | str, table: PerturberTable, provenance: Provenance, reason: str = ""
) -> None:
    """Write orbits in their order below a header with the provenance; those that are no ellipse are left out.

    ``reason`` tells why there are none.

    Raises
    ------
    ValueError
        An epoch is not 0h TT of a day, which is all the format can say.
    """
    why = [f"empty: {reason}"] if reason else []
    lines = [f"gnomon.provenance {to_json(provenance)}", *why, "-" * _WIDTH, *format_mpcorb(orbits, table)]
    with replacing(path) as temporary:
        temporary.write_text("".join(f"{line}\n" for line in lines), encoding="ascii")


def format_mpcorb(orbits: Orbits, table: PerturberTable) -> list[str]:
    """One line of 202 columns for each orbit that is an ellipse; raises as `write_mpcorb`."""
    if not len(orbits):
        return []
    epoch_tt = orbits.epoch - tdb_minus_tt(orbits.epoch)
    if np.any(np.abs(epoch_tt - np.rint(epoch_tt)) > _HALF_SECOND):
        raise ValueError("MPCORB gives epochs in whole days TT; propagate the orbits to one first")
    elements = cartesian_to_keplerian(orbits.state - np.concatenate(table.state(SUN, orbits.epoch), axis=-1))
    closed = np.flatnonzero(elements[:, 1] < 1)
    return [_line(orbits, k, elements[k], int(np.rint(epoch_tt[k]))) for k in closed.tolist()]


def _line(orbits: Orbits, k: int, elements: F8, epoch_tt: int) -> str:
    a, e, *angles = elements.tolist()
    incl, node, peri, m = np.rad2deg(angles)
    motion = np.rad2deg(np.sqrt(GM_SUN / a**3))
    h = f"{orbits.H[k]:5.2f}" if np.isfinite(orbits.H[k]) else " " * 5
    name = str(orbits.designation[k])
    readable = f"({name})" if name.isdigit() else name
    angles_text = "  ".join(f"{value:9.5f}" for value in (_turn(m), _turn(peri), _turn(node), incl))
    head = f"{pack(name):<7} {h} {orbits.G[k]:5.2f} {to_packed_date(epoch_tt)} "
    text = f"{head}{angles_text}  {e:9.7f} {motion:11.8f} {a:11.7f}"
    return f"{text:<166}{readable:<36}"[:_WIDTH]


def _turn(degrees: float) -> float:
    """An angle in [0, 360) after rounding to the 5 digits of the format."""
    return round(float(degrees), 5) % 360.0


def _name(line: str) -> str:
    return unpack(line[:7])


def _numbers(lines: list[tuple[int, str]], name: str, file: str) -> F8:
    first, last = _COLUMNS[name]
    texts = [line[first - 1 : last].strip() for _, line in lines]
    if name in _OPTIONAL:
        texts = [t or "nan" for t in texts]
    try:
        return np.array(texts).astype(np.float64)
    except ValueError:
        values = [_parsed(float, t, n, name, file) for t, (n, _) in zip(texts, lines, strict=True)]
        return np.array(values)


def _parsed(parse: Callable[[str], float], text: str, number: int, name: str, file: str) -> float:
    try:
        return parse(text)
    except ValueError:
        raise UnprocessableData(
            f"{file} line {number}: {name} is {text!r}, which is no value of it"
        ) from None


def no_orbits() -> Orbits:
    """A table without rows."""
    none = np.zeros(0)
    return Orbits(np.zeros(0, "U1"), none, np.zeros((0, 6)), np.zeros((0, 6, 6)), none, none)
