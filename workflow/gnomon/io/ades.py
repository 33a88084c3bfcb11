"""Astrometry in the ADES 2022 format (IAU), as pipe-separated text (PSV) and as XML."""

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from gnomon.containers.ades import AdesBlock
from gnomon.containers.provenance import Provenance
from gnomon.errors import UnprocessableData
from gnomon.io.atomic import replacing
from gnomon.io.calendar import from_iso
from gnomon.io.provenance import to_json

_REQUIRED = ("mode", "stn", "obsTime", "ra", "dec", "astCat")
_NAMES = ("permID", "provID", "trkSub")
_NUMBERS = ("ra", "dec", "rmsRA", "rmsDec", "rmsCorr", "mag", "rmsMag", "logSNR", "seeing", "exp", "rmsTime")
_EXCHANGE_ONLY = ("subFmt", "precTime", "precRA", "precDec", "obsID", "trkID", "trkMP")
_TOGETHER = {"rmsRA": "rmsDec", "rmsDec": "rmsRA", "rmsCorr": "rmsRA", "mag": "band", "rmsMag": "mag"}
# Order in which submit.xsd wants the elements of an optical record; others follow in their own order.
_ORDER = (
    "permID", "provID", "artSat", "trkSub", "obsID", "trkID", "mode", "stn", "sys", "ctr", "pos1", "pos2",
    "pos3", "prog", "obsTime", "rmsTime", "ra", "dec", "rmsRA", "rmsDec", "rmsCorr", "astCat", "mag",
    "rmsMag", "band", "photCat", "photAp", "logSNR", "seeing", "exp", "rmsFit", "notes", "ref", "remarks",
)  # fmt: skip


def read_ades(path: Path) -> list[AdesBlock]:
    """Blocks of a PSV or XML file.

    Raises
    ------
    UnprocessableData
        The file is neither, or a line has another number of fields than its header: names the line.
    """
    text = path.read_text("utf-8")
    if text.lstrip().startswith("<"):
        return _read_xml(text, path.name)
    return list(_read_psv(text, path.name))


def format_psv(blocks: Sequence[AdesBlock]) -> str:
    """PSV text of blocks, columns aligned."""
    out = ["# version=2022"]
    for block in blocks:
        for group, entries in block.context.items():
            out.append(" ".join(["#", group, *entries.get("", ())]))
            out += [f"! {name} {value}" for name, values in entries.items() if name for value in values]
        names = _columns(block.records)
        widths = {n: max(len(n), *(len(r.get(n, "")) for r in block.records)) for n in names}
        out.append("|".join(n.ljust(widths[n]) for n in names).rstrip())
        out += ["|".join(r.get(n, "").ljust(widths[n]) for n in names).rstrip() for r in block.records]
    return "\n".join(out) + "\n"


def format_xml(blocks: Sequence[AdesBlock]) -> str:
    """XML text of blocks."""
    root = ET.Element("ades", version="2022")
    for block in blocks:
        outer = ET.SubElement(root, "obsBlock")
        context = ET.SubElement(outer, "obsContext")
        for group, entries in block.context.items():
            element = ET.SubElement(context, group)
            element.text = "".join(entries.get("", ())) or None
            for name, values in entries.items():
                for value in values if name else ():
                    ET.SubElement(element, name).text = value
        data = ET.SubElement(outer, "obsData")
        for record in block.records:
            optical = ET.SubElement(data, "optical")
            for name in _columns([record]):
                ET.SubElement(optical, name).text = record[name]
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def write_ades(
    blocks: Sequence[AdesBlock], path: Path | str, provenance: Provenance, reason: str = ""
) -> None:
    """Write an XML report with its provenance in a comment, and where it is empty with the reason.

    Raises
    ------
    ValueError
        A block that has records would be refused: says the first problem.
    """
    for block in blocks:
        problems = problems_of(block)
        if block.records and problems:
            raise ValueError(f"the report would be refused: {problems[0]} (and {len(problems) - 1} more)")
    notes = [f"empty: {reason}"] if reason else []
    notes += [f"gnomon.provenance {to_json(provenance)}"]
    comments = "".join(f"<!-- {n.replace('--', '- -')} -->\n" for n in notes)
    with replacing(path) as temporary:
        temporary.write_text(f"{format_xml(blocks)}{comments}", encoding="utf-8")


def problems_of(block: AdesBlock) -> list[str]:
    """What the MPC would refuse in a submission, one sentence each; empty if nothing.

    Rules beyond the XSD: one station a block, a name in every record, errors in pairs, no exchange-only
    fields, no two records of one object, station and time.
    """
    found = [
        f"obsContext has no {group}"
        for group in ("observatory", "submitter", "telescope")
        if group not in block.context
    ]
    stations = sorted({r.get("stn", "") for r in block.records})
    if len(stations) > 1:
        found.append(f"one block holds {len(stations)} stations: {', '.join(stations)}")
    seen: set[tuple[str, ...]] = set()
    for k, record in enumerate(block.records, start=1):
        found += [f"record {k}: {p}" for p in _record_problems(record)]
        key = tuple(record.get(n, "") for n in (*_NAMES, "stn", "obsTime"))
        if key in seen:
            found.append(f"record {k} repeats an earlier one")
        seen.add(key)
    return found


def _record_problems(record: Mapping[str, str]) -> Iterator[str]:
    for name in _REQUIRED:
        if not record.get(name):
            yield f"{name} is missing"
    if not any(record.get(n) for n in _NAMES):
        yield f"none of {', '.join(_NAMES)} is given"
    for name, other in _TOGETHER.items():
        if name in record and other not in record:
            yield f"{name} without {other}"
    for name in _EXCHANGE_ONLY:
        if name in record:
            yield f"{name} is for exchange only"
    for name in _NUMBERS:
        if name in record and not _is_number(record[name]):
            yield f"{name} is {record[name]!r}, no number"
    if "obsTime" in record:
        try:
            from_iso(record["obsTime"])
        except ValueError as error:
            yield str(error)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _columns(records: Sequence[Mapping[str, str]]) -> list[str]:
    """Element names of records in the order of the schema."""
    present = {name for record in records for name in record}
    return [n for n in _ORDER if n in present] + sorted(present - set(_ORDER))


def _read_psv(text: str, name: str) -> Iterator[AdesBlock]:
    context: dict[str, dict[str, list[str]]] = {}
    header: list[str] = []
    records: list[dict[str, str]] = []
    group = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("# version"):
            continue
        if line.startswith("#"):
            if header:
                yield AdesBlock(context, records)
                context, header, records = {}, [], []
            group, _, rest = line[1:].strip().partition(" ")
            context[group] = {"": [rest]} if rest else {}
        elif line.startswith("!"):
            key, _, value = line[1:].strip().partition(" ")
            if group:
                context[group].setdefault(key, []).append(value.strip())
        elif not header or line.split("|")[0].strip() in (*_NAMES, header[0]):
            if records:
                yield AdesBlock(context, records)
                records = []
            header = [f.strip() for f in line.split("|")]
        else:
            records.append(_psv_record(header, line, number, name))
    if header:
        yield AdesBlock(context, records)
    elif text.strip():
        raise UnprocessableData(f"{name} is no ADES file: it has no line with the names of columns")


def _psv_record(header: list[str], line: str, number: int, name: str) -> dict[str, str]:
    fields = [f.strip() for f in line.split("|")]
    if len(fields) > len(header):
        raise UnprocessableData(f"{name} line {number} has {len(fields)} fields, its header {len(header)}")
    return {key: value for key, value in zip(header, fields, strict=False) if value}


def _read_xml(text: str, name: str) -> list[AdesBlock]:
    try:
        root = ET.fromstring(text)
    except ET.ParseError as error:
        raise UnprocessableData(f"{name} is no XML: {error}") from None
    if root.tag != "ades":
        raise UnprocessableData(f"{name} is no ADES file: its root is {root.tag!r}")
    blocks = [
        AdesBlock(_context(b.find("obsContext")), _optical(b.find("obsData")))
        for b in root.findall("obsBlock")
    ]
    loose = _optical(root)
    return [*blocks, AdesBlock({}, loose)] if loose else blocks


def _context(element: ET.Element | None) -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = {}
    for group in element if element is not None else ():
        entries: dict[str, list[str]] = (
            {"": [group.text.strip()]} if group.text and group.text.strip() else {}
        )
        for child in group:
            entries.setdefault(child.tag, []).append((child.text or "").strip())
        found[group.tag] = entries
    return found


def _optical(element: ET.Element | None) -> list[dict[str, str]]:
    records = element.findall("optical") if element is not None else []
    return [{c.tag: (c.text or "").strip() for c in r if (c.text or "").strip()} for r in records]
