"""Detection, deblending and measurement of one detector."""

from pathlib import Path

import detector
import numpy as np
from harness import Contestant, Task, cpu_seconds

SIGMA = 5.25  # standard deviations of the filtered image
SEXTRACTOR_SIGMA = 1.0  # of the unfiltered one: about 4.3 of the filtered one, five pixels of it
APERTURES = (3.0, 6.0, 9.0)
Arrays = dict[str, np.ndarray]
COLUMNS = [
    "X_IMAGE", "Y_IMAGE", "XWIN_IMAGE", "YWIN_IMAGE", "ERRX2WIN_IMAGE", "ERRY2WIN_IMAGE", "X2WIN_IMAGE",
    "Y2WIN_IMAGE", "XYWIN_IMAGE", "FLUX_AUTO", "FLUXERR_AUTO", "KRON_RADIUS", "FLUX_APER(3)", "FLUXERR_APER(3)",
    "FLUX_RADIUS", "FLUX_ISO", "ISOAREA_IMAGE", "A_IMAGE", "B_IMAGE", "THETA_IMAGE", "FLAGS",
]  # fmt: skip


def _ours(scene: Path, out: Path) -> float:
    from gnomon import flags
    from gnomon.algorithms.background import fit_background, subtract_background
    from gnomon.algorithms.detect import deblend, find_footprints
    from gnomon.algorithms.measure import measure_sources
    from gnomon.containers.catalog import Catalog
    from gnomon.containers.image import Image
    from gnomon.containers.psf import PsfModel

    flux = detector.read_fits(scene / "image.fits")
    image = Image(flux, detector.read_fits(scene / "variance.fits"), np.zeros(flux.shape, np.uint32))
    p = np.load(scene / "psf.npz")
    psf = PsfModel(p["basis"], 2, tuple(p["centre"]), tuple(p["scale"]))

    def work() -> Catalog:
        flat = subtract_background(image, fit_background(image, box_px=detector.BOX))
        sources = deblend(flat, find_footprints(flat, psf, threshold=SIGMA))
        return measure_sources(flat, sources, psf, apertures_px=APERTURES)

    seconds, catalog = cpu_seconds(work)
    blended = catalog["flags"] & flags.SOURCE["deblended"] > 0
    np.savez(
        out / "found.npz",
        x=catalog["x"],
        y=catalog["y"],
        auto=catalog["kronFlux"],
        aper=catalog["ap09Flux"],
        blended=blended,
        ix=catalog["peakX"],
        iy=catalog["peakY"],
    )
    np.savez(out / "all.npz", **catalog.columns)
    return seconds


def _sep(scene: Path, out: Path) -> float:
    import sep

    flux = detector.read_fits(scene / "image.fits")
    kernel = np.loadtxt("/usr/share/source-extractor/gauss_3.0_7x7.conv", skiprows=2, comments="#")
    sep.set_extract_pixstack(3000000)

    def work() -> tuple[np.ndarray, ...]:
        background = sep.Background(flux, bw=detector.BOX, bh=detector.BOX)
        flat, err = flux - background.back(), background.globalrms
        found = sep.extract(
            flat, SEXTRACTOR_SIGMA, err=err, minarea=5, filter_kernel=kernel, filter_type="conv"
        )
        x, y, a, b, theta = (found[n] for n in ("x", "y", "a", "b", "theta"))
        kron, _ = sep.kron_radius(flat, x, y, a, b, theta, 6.0)
        auto, _, _ = sep.sum_ellipse(
            flat, x, y, a, b, theta, 2.5 * np.maximum(np.nan_to_num(kron, nan=3.5), 1.0), err=err
        )
        aper = [sep.sum_circle(flat, x, y, r, err=err)[0] for r in APERTURES]
        radius, _ = sep.flux_radius(flat, x, y, 6.0 * a, 0.5, normflux=auto)
        window = np.clip(np.nan_to_num(radius, nan=2.0), 0.5, 30) * 2 / 2.35
        xwin, ywin, _ = sep.winpos(flat, x, y, window)
        return xwin, ywin, auto, aper[2], found["flag"] & 1 > 0, x, y

    seconds, (xwin, ywin, auto, aper, blended, x, y) = cpu_seconds(work)
    np.savez(out / "found.npz", x=xwin, y=ywin, auto=auto, aper=aper, blended=blended, ix=x, iy=y)
    return seconds


def _sextractor(scene: Path, out: Path) -> list[str]:
    return detector.sextractor(
        scene / "image.fits",
        out,
        COLUMNS,
        DETECT_THRESH=SEXTRACTOR_SIGMA,
        ANALYSIS_THRESH=SEXTRACTOR_SIGMA,
        DETECT_MINAREA=5,
        DEBLEND_NTHRESH=32,
        DEBLEND_MINCONT=0.005,
        CLEAN="Y",
        GAIN=1.0,
        PHOT_APERTURES="6,12,18",
    )


def _found(out: Path) -> Arrays:
    if (out / "found.npz").exists():
        return dict(np.load(out / "found.npz"))
    table = np.loadtxt(out / "image.cat")
    flags = table[:, -1].astype(int)
    names = {"ix": 0, "iy": 1, "x": 2, "y": 3}
    found = {n: table[:, k] - 1 for n, k in names.items()}
    return found | {"auto": table[:, 9], "aper": table[:, 14], "blended": flags & 2 > 0}


def _check(scene: Path, out: Path) -> dict[str, float]:
    """Completeness, purity and accuracy against the truth.

    A source counts as found where a detection lies within 2 pixels or its half-light radius; the brightest takes a
    detection first. A detection is pure where a true source of any brightness lies within 3 pixels or 1.5 of its
    half-light radii.
    """
    truth, found = dict(np.load(scene / "truth.npz")), _found(out)
    places, radius = np.stack([truth["x"], truth["y"]], 1), truth["radius"]
    detections = np.stack([found["ix"], found["iy"]], 1)
    row = _match(places, np.maximum(2.0, radius), truth["flux"], detections)
    purity = _pure(places, np.maximum(3.0, 1.5 * radius), detections).mean()
    star, mag = truth["star"], truth["mag"]
    quality = {"n": float(len(detections)), "purity": float(purity)}
    for kind, which in (("stars", star), ("galaxies", ~star)):
        for low, high in ((22, 22.5), (23, 23.5), (23.5, 24)):
            quality[f"{kind} {low}-{high}"] = float((row[which & (mag >= low) & (mag < high)] >= 0).mean())
    alone = star & (row >= 0) & _isolated(places, mag)
    quality |= _accuracy(truth, found, row, alone)
    for low, high in ((2, 6), (6, 8), (8, 11), (11, 14)):
        quality[f"pairs {low}-{high} px"] = _pairs(places, mag, row, low, high)
    return quality


def _accuracy(truth: Arrays, found: Arrays, row: np.ndarray, alone: np.ndarray) -> dict[str, float]:
    """Scatter of positions and of Kron fluxes of isolated stars."""
    quality, mag = {}, truth["mag"]
    for low, high in ((18, 20), (20, 22), (22, 23)):
        some = np.flatnonzero(alone & (mag >= low) & (mag < high))
        d = np.stack([found[n][row[some]] - truth[n][some] for n in ("x", "y")])
        quality[f"centroid px {low}-{high}"] = float(1.4826 * np.median(np.abs(d)))
    some = np.flatnonzero(alone & (mag >= 20) & (mag < 22))
    ratio = found["auto"][row[some]] / truth["flux"][some]
    quality["auto/true 20-22"] = float(np.median(ratio))
    quality["spread"] = float(1.4826 * np.median(np.abs(ratio - np.median(ratio))))
    return quality


def _match(places: np.ndarray, reach: np.ndarray, flux: np.ndarray, detections: np.ndarray) -> np.ndarray:
    """Index of the detection of each true source, -1 for none; the brightest takes a detection first."""
    from scipy.spatial import cKDTree

    tree, taken, row = cKDTree(detections), set(), np.full(len(places), -1)
    for i in np.argsort(-flux):
        distance, k = tree.query(places[i], distance_upper_bound=reach[i])
        if np.isfinite(distance) and k not in taken:
            taken.add(k)
            row[i] = k
    return row


def _pure(places: np.ndarray, reach: np.ndarray, detections: np.ndarray) -> np.ndarray:
    """Whether some true source reaches each detection."""
    from scipy.spatial import cKDTree

    distance, near = cKDTree(places).query(detections, k=20)
    return (distance < reach[near]).any(axis=1)


def _isolated(places: np.ndarray, mag: np.ndarray) -> np.ndarray:
    """No other source brighter than 24.5 within 15 pixels."""
    from scipy.spatial import cKDTree

    seen = np.flatnonzero(mag < 24.5)
    distance = cKDTree(places[seen]).query(places, k=2)[0]
    nearest = np.where(mag < 24.5, distance[:, 1], distance[:, 0])
    return nearest > 15


def _pairs(places: np.ndarray, mag: np.ndarray, row: np.ndarray, low: float, high: float) -> float:
    """Part of pairs of sources brighter than 23 at a distance of which both are found."""
    from scipy.spatial import cKDTree

    seen = np.flatnonzero(mag < 23)
    tree = cKDTree(places[seen])
    pairs = tree.query_pairs(high, output_type="ndarray")
    apart = np.hypot(*(places[seen][pairs[:, 0]] - places[seen][pairs[:, 1]]).T)
    pairs = seen[pairs[apart >= low]]
    return float((row[pairs] >= 0).all(axis=1).mean()) if len(pairs) else float("nan")


TASKS = (
    Task(
        "detection",
        "detector",
        detector.make_detector,
        (
            Contestant("ours", detector.ours_version, call=_ours),
            Contestant("SExtractor", detector.sextractor_version, command=_sextractor),
            Contestant("sep", detector.sep_version, call=_sep),
        ),
        _check,
        "4096 x 4096: background, detection, deblending, and for each source position, windowed position, "
        "moments, Kron, three apertures and half-light radius with errors. Ours adds PSF fluxes and positions, "
        "adaptive moments, sharing of blends, extendedness and pixel flags; it reads a variance plane as well.",
    ),
)
