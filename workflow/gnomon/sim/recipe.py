"""What a simulated survey is made of: plain numbers, from which every byte follows."""

from dataclasses import dataclass, field
from typing import Literal

BANDS = ("u", "g", "r", "i", "z", "y")
Amplifiers = Literal[2, 16]


@dataclass(frozen=True, slots=True)
class CameraRecipe:
    """A square mosaic of equal detectors and their electronics."""

    n_x: int = 2
    """Detectors across."""
    n_y: int = 2
    """Detectors up."""
    size: int = 1024
    """Side of a detector, pixels; a multiple of 16."""
    gap: int = 100
    """Pixels between neighbouring detectors."""
    pixel_scale_arcsec: float = 0.2
    """Side of a pixel on the sky."""
    amplifiers: Amplifiers = 2
    """Amplifiers a detector: 2 side by side, or 8 x 2."""
    prescan: int = 8
    """Columns read before the light."""
    overscan: int = 32
    """Columns read after the light."""
    full_well: float = 90_000.0
    """Electrons a pixel holds before it bleeds along its column."""
    linearity_per_adu: float = 2e-7
    """c of ``measured = true - c true^2``, ADU above bias."""
    crosstalk: float = 1e-4
    """Part of every other amplifier of the detector that is added to an amplifier."""
    dark_current: float = 0.05
    """Electrons per second and pixel."""
    brighter_fatter: float = 0.0
    """Part of its area that a pixel loses by an electron of its own charge; 2e-6 is usual of thick sensors."""
    cosmic_rays: float = 24.0
    """Tracks per million pixels in an exposure of 30 s with its readout."""
    flaws: bool = True
    """Mount errors, distortion, bias pattern, defects; off for a perfect camera."""

    @property
    def n_detectors(self) -> int:
        """Detectors of the mosaic."""
        return self.n_x * self.n_y


@dataclass(frozen=True, slots=True)
class NightRecipe:
    """What is observed in one night."""

    night: str
    """Date YYYYMMDD from local noon to local noon."""
    exposures: tuple[tuple[str, float], ...] = ()
    """``(band, hours after local mean midnight)`` of each science exposure, in order."""
    biases: int = 0
    """Bias frames."""
    darks: int = 0
    """Dark frames."""
    flats: int = 0
    """Flat frames in each band of the survey."""


@dataclass(frozen=True, slots=True)
class SkyRecipe:
    """Densities and numbers of what is on the sky."""

    stars_per_arcmin2: float = 16.0
    """Stars of r < 25."""
    galaxies_per_arcmin2: float = 45.0
    """Galaxies of i < 25.3."""
    transients: int = 40
    """Supernovae whose light curves reach into the survey."""
    asteroids: int = 24
    """Asteroids that stay in the field over all asteroid nights."""
    passing_asteroids: int = 6
    """Asteroids at ordinary rates, in the field in one night only."""
    known_fraction: float = 0.5
    """Part of the lasting asteroids whose orbits are in the known catalogue."""
    variable_fraction: float = 0.04
    """Part of the stars that vary."""
    halo_einstein_arcsec: float = 8.0
    """Einstein radius of the lensing halo (isothermal sphere) for sources at infinity; 0 for none."""
    halo_redshift: float = 0.3
    """Redshift of the halo."""
    halo_offset_arcsec: tuple[float, float] = (40.0, 30.0)
    """East and north of the field centre."""


@dataclass(frozen=True, slots=True)
class SurveyRecipe:
    """All that determines a simulated survey."""

    seed: int
    """Root of all random numbers."""
    ra_deg: float
    """Field centre, ICRS."""
    dec_deg: float
    """Field centre, ICRS."""
    nights: tuple[NightRecipe, ...]
    """In order of time."""
    asteroid_nights: tuple[str, ...] = ()
    """Nights within which the lasting asteroids stay in the field; none without asteroids."""
    bands: tuple[str, ...] = BANDS
    """Filters of the survey."""
    exptime_s: float = 30.0
    """Open shutter of a science exposure."""
    dither_arcsec: float = 25.0
    """Half-width of the square in which the boresight is moved about."""
    seeing_arcsec: float = 0.72
    """Median seeing (FWHM at 620 nm, zenith)."""
    trail_probability: float = 0.2
    """Chance that a satellite crosses a science exposure."""
    camera: CameraRecipe = field(default_factory=CameraRecipe)
    """The instrument."""
    sky: SkyRecipe = field(default_factory=SkyRecipe)
    """The universe."""

    def __post_init__(self) -> None:
        unknown = {b for n in self.nights for b, _ in n.exposures} - set(self.bands)
        if unknown or set(self.bands) - set(BANDS):
            raise ValueError(f"found bands {sorted(unknown | set(self.bands))}, wanted some of {BANDS}")
        if missing := set(self.asteroid_nights) - {n.night for n in self.nights}:
            raise ValueError(f"asteroid nights {sorted(missing)} are not nights of the survey")
        if self.camera.size % 16:
            raise ValueError(f"found detector size {self.camera.size}, wanted a multiple of 16")


def demo_recipe(seed: int = 20260101) -> SurveyRecipe:
    """The survey of `make demo`: 4 detectors, ugrizy, two seasons a year apart, 32 science visits.

    The field lies on the ecliptic, 120 degrees from the Sun in October, where main-belt asteroids
    stand still among the stars for a dozen days. These are seen on four nights: through three, whatever their
    spacing, goes a parabola for every distance, and only the fourth tells how it bends.
    """
    first = (
        NightRecipe("20261012", _spread("rigzyu", -4.2), biases=5, darks=3, flats=3),
        NightRecipe("20261014", _spread("gziruy", -3.2)),
        NightRecipe("20261019", _spread("yurgiz", -2.6)),
    )
    second = (
        NightRecipe("20271011", (("r", -4.2), ("i", -3.2), *_spread("yu", -2.9))),
        NightRecipe("20271014", (("r", -4.1), ("g", -3.1), ("z", -2.85))),
        NightRecipe("20271020", (("i", -4.1), ("g", -3.1), ("z", -2.85))),
        NightRecipe("20271023", (("r", -4.3), ("i", -3.3), *_spread("yu", -3.0))),
    )
    return SurveyRecipe(seed, 330.0, -12.25, first + second, asteroid_nights=tuple(n.night for n in second))


def toy_recipe(seed: int = 7) -> SurveyRecipe:
    """A survey of seconds for tests: one detector of 1024 pixels, r and i, four science visits."""
    nights = (
        NightRecipe("20261012", _spread("ri", -4.2), biases=3, darks=2, flats=2),
        NightRecipe("20271012", _spread("ri", -4.2)),
    )
    camera = CameraRecipe(n_x=1, n_y=1, size=1024)
    sky = SkyRecipe(transients=2, asteroids=0, passing_asteroids=0)
    return SurveyRecipe(
        seed, 330.0, -12.25, nights, bands=("r", "i"), dither_arcsec=3.0, camera=camera, sky=sky
    )


def _spread(bands: str, start: float) -> tuple[tuple[str, float], ...]:
    """One exposure per letter, a quarter of an hour apart from ``start``."""
    return tuple((band, start + 0.25 * k) for k, band in enumerate(bands))
