"""The pipeline on one page: every step, what it reads, what it writes, what may be set."""

from gnomon.pipeline import calib, coadd, diff, joint, moving, object, release, simulation, visit
from gnomon.pipeline.step import Step

AREAS = (simulation, calib, visit, joint, coadd, object, diff, moving, release)

STEPS: dict[str, Step] = {s.name: s for area in AREAS for s in area.STEPS}
