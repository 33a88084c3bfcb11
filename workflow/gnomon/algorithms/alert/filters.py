"""Named filters: an expression over columns and a list of watched places."""

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from gnomon.containers.sphere import chord, directions
from gnomon.errors import ConfigError

F8 = npt.NDArray[np.float64]
B1 = npt.NDArray[np.bool_]
Columns = Mapping[str, npt.NDArray[Any]]

FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "abs": np.abs,
    "log10": np.log10,
    "sqrt": np.sqrt,
    "isnan": lambda v: np.isnan(np.asarray(v, np.float64)),
    "minimum": np.minimum,
    "maximum": np.maximum,
}
"""What an expression may call."""

_BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: np.true_divide,
    ast.Pow: operator.pow,
    ast.Mod: np.mod,
}
_COMPARE: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.In: lambda a, b: np.isin(a, list(b)),
    ast.NotIn: lambda a, b: ~np.isin(a, list(b)),
}


@dataclass(frozen=True, slots=True)
class Watchlist:
    """Places somebody watches."""

    ra: F8
    """(n,) radians."""
    dec: F8
    """(n,) radians."""
    radius: float
    """Radians."""


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """Which alerts go under a name."""

    name: str
    where: str
    """Expression over columns, such as ``diaSource.snr > 10 and diaSource.band in ("g", "r")``; "" = all."""
    watchlist: Watchlist | None = None
    """If given, only alerts within its radius of one of its places."""


def columns_of(expression: str) -> set[str]:
    """Names of the columns that an expression reads.

    Raises
    ------
    ConfigError
        It does not parse, or uses something else than arithmetic, comparison and the listed functions.
    """
    return {n for node in ast.walk(_parsed(expression)) if (n := _column(node))}


def evaluate(expression: str, columns: Columns) -> B1:
    """Rows for which an expression holds; a comparison with NaN does not hold.

    Parameters
    ----------
    expression : Python-like; ``and``, ``or``, ``not``, comparisons, ``in``, arithmetic and `FUNCTIONS`.
    columns : arrays of one length by name, dots allowed.

    Raises
    ------
    ConfigError
        As `columns_of`; or a column does not exist.
    """
    unknown = sorted(columns_of(expression) - set(columns))
    if unknown:
        raise ConfigError(f"filter {expression!r}: no column {', '.join(unknown)}")
    n = len(next(iter(columns.values())))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.broadcast_to(np.asarray(_value(_parsed(expression), columns), np.bool_), n).copy()


def near_watchlist(ra: F8, dec: F8, watchlist: Watchlist) -> B1:
    """Which positions (radians) lie within the radius of a watched place."""
    if not len(ra) or not len(watchlist.ra):
        return np.zeros(len(ra), np.bool_)
    reach = chord(watchlist.radius)
    places = cKDTree(directions(watchlist.ra, watchlist.dec))
    d, _ = places.query(directions(ra, dec), distance_upper_bound=reach)
    return np.asarray(np.isfinite(d), np.bool_)


def passing(alert_filter: AlertFilter, columns: Columns, ra: F8, dec: F8) -> B1:
    """Alerts that a filter lets through; ``ra`` and ``dec`` in radians."""
    ok = evaluate(alert_filter.where, columns) if alert_filter.where else np.ones(len(ra), np.bool_)
    return ok & near_watchlist(ra, dec, alert_filter.watchlist) if alert_filter.watchlist else ok


def _parsed(expression: str) -> ast.expr:
    try:
        tree = ast.parse(expression.strip(), mode="eval").body
    except SyntaxError as error:
        raise ConfigError(f"filter {expression!r} does not parse: {error.msg}") from None
    _check(tree, expression)
    return tree


def _column(node: ast.AST) -> str:
    """The column a node names; "" for other nodes and for a function's name or a part of a dotted name."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return f"{node.value.id}.{node.attr}"
    if isinstance(node, ast.Name) and not getattr(node, "is_part", False):
        return node.id
    return ""


def _check(tree: ast.expr, expression: str) -> None:
    """Refuse what is not arithmetic; mark names that are functions or tables, not columns."""
    allowed = (
        ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.UAdd, ast.BinOp, ast.Compare,
        ast.Call, ast.Constant, ast.Name, ast.Attribute, ast.Tuple, ast.List, ast.Load, *_BINARY, *_COMPARE,
    )  # fmt: skip
    for node in ast.walk(tree):
        if not isinstance(node, allowed):
            raise ConfigError(f"filter {expression!r}: {type(node).__name__} is not allowed")
        if isinstance(node, ast.Call):
            if not isinstance(node.func, ast.Name) or node.func.id not in FUNCTIONS or node.keywords:
                raise ConfigError(f"filter {expression!r}: only {', '.join(sorted(FUNCTIONS))} may be called")
            node.func.is_part = True  # type: ignore[attr-defined]
        if isinstance(node, ast.Attribute):
            if not isinstance(node.value, ast.Name):
                raise ConfigError(f"filter {expression!r}: a column is table.name")
            node.value.is_part = True  # type: ignore[attr-defined]


def _value(node: ast.expr, columns: Columns) -> Any:  # noqa: ANN401
    match node:
        case ast.Constant():
            return node.value
        case ast.Tuple() | ast.List():
            return [_value(e, columns) for e in node.elts]
        case ast.BoolOp():
            parts = [np.asarray(_value(v, columns), np.bool_) for v in node.values]
            joined = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
            return joined.reduce(parts)
        case ast.UnaryOp():
            v = _value(node.operand, columns)
            return ~np.asarray(v, np.bool_) if isinstance(node.op, ast.Not) else -v
        case ast.BinOp():
            return _BINARY[type(node.op)](_value(node.left, columns), _value(node.right, columns))
        case ast.Compare():
            return _comparison(node, columns)
        case ast.Call(func=ast.Name(id=name)):
            return FUNCTIONS[name](*[_value(a, columns) for a in node.args])
    return columns[_column(node)]


def _comparison(node: ast.Compare, columns: Columns) -> B1:
    """Chained comparison, ``a < b < c`` as in Python."""
    values = [_value(v, columns) for v in (node.left, *node.comparators)]
    parts = [_COMPARE[type(op)](a, b) for op, a, b in zip(node.ops, values, values[1:], strict=False)]
    return np.asarray(np.logical_and.reduce(parts), np.bool_)
