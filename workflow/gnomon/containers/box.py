"""A rectangle of whole pixels."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Box:
    """Pixels ``x0 <= x < x0 + nx`` and ``y0 <= y < y0 + ny``."""

    x0: int
    """First column."""
    y0: int
    """First row."""
    nx: int
    """Columns."""
    ny: int
    """Rows."""

    @property
    def x1(self) -> int:
        """Column after the last."""
        return self.x0 + self.nx

    @property
    def y1(self) -> int:
        """Row after the last."""
        return self.y0 + self.ny

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns, as of an array."""
        return self.ny, self.nx

    def slices(self) -> tuple[slice, slice]:
        """Index ``[y, x]`` of these pixels in an image whose first pixel is (0, 0)."""
        return slice(self.y0, self.y1), slice(self.x0, self.x1)

    def grown(self, border: int) -> "Box":
        """The box with ``border`` more pixels on every side."""
        return Box(self.x0 - border, self.y0 - border, self.nx + 2 * border, self.ny + 2 * border)

    def within(self, other: "Box") -> "Box":
        """The part of it that lies in another box, which it meets."""
        x0, y0 = max(self.x0, other.x0), max(self.y0, other.y0)
        return Box(x0, y0, min(self.x1, other.x1) - x0, min(self.y1, other.y1) - y0)

    def around(self, other: "Box") -> "Box":
        """The smallest box that holds both."""
        x0, y0 = min(self.x0, other.x0), min(self.y0, other.y0)
        return Box(x0, y0, max(self.x1, other.x1) - x0, max(self.y1, other.y1) - y0)

    def shifted(self, dx: int, dy: int) -> "Box":
        """The box moved."""
        return Box(self.x0 + dx, self.y0 + dy, self.nx, self.ny)

    def corners(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """``(x, y)`` of the four outer pixel edges, counter-clockwise from the lowest."""
        left, right, bottom, top = self.x0 - 0.5, self.x1 - 0.5, self.y0 - 0.5, self.y1 - 0.5
        return (left, right, right, left), (bottom, bottom, top, top)
