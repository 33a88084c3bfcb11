"""Depth of a tract, band by band."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

F8 = npt.NDArray[np.float64]


def draw_depths(depths: Mapping[str, F8], side_deg: tuple[float, float]) -> npt.NDArray[np.uint8]:
    """(ny, nx, 3) uint8, first row on top: a panel a band, north up, east left.

    Parameters
    ----------
    depths : (ny, nx) AB magnitude by band, first row at the bottom; NaN where there is no coadd; at least one
    side_deg : width and height of the tract
    """
    columns = min(3, len(depths))
    rows = -(-len(depths) // columns)
    figure = Figure(figsize=(4.2 * columns, 3.6 * rows), layout="constrained", dpi=80)
    axes = np.atleast_1d(figure.subplots(rows, columns)).ravel()
    for axis in axes[len(depths) :]:
        axis.set_axis_off()
    for axis, (band, depth) in zip(axes, depths.items(), strict=False):
        low, high = np.nanpercentile(depth, [1, 99]) if np.isfinite(depth).any() else (0.0, 1.0)
        shown = axis.imshow(
            depth, origin="lower", extent=(side_deg[0], 0.0, 0.0, side_deg[1]), cmap="viridis", vmin=low,
            vmax=max(high, low + 0.01),
        )  # fmt: skip
        figure.colorbar(shown, ax=axis, shrink=0.85)
        axis.set_title(f"5 sigma depth in {band}, mag", fontsize=10)
        axis.set_xlabel("degrees")
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[..., :3])
