"""One detector of one visit: what belongs together because each part needs the others."""

from gnomon.algorithms.visit.characterise import Characterised, CharacteriseOptions, characterise
from gnomon.algorithms.visit.locate import Located, locate
from gnomon.algorithms.visit.photometer import calibrate_photometry, correct_apertures
from gnomon.algorithms.visit.reference import reference_stars
from gnomon.algorithms.visit.sources import measure_detector
from gnomon.algorithms.visit.tables import source_table, summary_row

__all__ = [
    "CharacteriseOptions",
    "Characterised",
    "Located",
    "calibrate_photometry",
    "characterise",
    "correct_apertures",
    "locate",
    "measure_detector",
    "reference_stars",
    "source_table",
    "summary_row",
]
