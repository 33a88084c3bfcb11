"""What is measured against the truth, in the order of the report. To add one: a line here, and a check that
writes its quantity (`check_table`).
"""

from gnomon.algorithms.validation.bars import Measure

MEASURES = (
    # visits: check_visit
    Measure(
        "completeness",
        "Stars of S/N above 10 on single visits that were found.",
        bar=0.95,
        sense="above",
        requirement="at least 95 % of stars at S/N > 10 found on visits",
    ),
    Measure(
        "astrometric error",
        "Per axis, stars of S/N above 50 on single visits, against the truth.",
        unit="mas",
        how="rms",
        bar=30.0,
        sense="below",
        requirement="single visits within 30 mas of the truth",
    ),
    Measure(
        "zero point error",
        "Root mean square over detectors and visits, against the truth.",
        unit="mag",
        how="rms",
        bar=0.010,
        sense="below",
        requirement="zero points within 10 mmag of the truth",
    ),
    Measure(
        "zero point, worst detector", "Largest error of any detector, against the truth.", "mag", "largest"
    ),
    Measure("seeing, worst detector", "Largest relative error of any detector's seeing.", "", "largest"),
    Measure("PSF flux bias", "Isolated stars of S/N above 50 on single visits, against the truth."),
    Measure("PSF flux pull", "Spread of residuals over errors of isolated stars; 1 is right."),
    Measure("purity", "Part of the sources with something true behind them."),
    # moving objects: check_moving
    Measure(
        "asteroids detected",
        "Asteroids on a detector at a true S/N above 10 with a detection on the difference image.",
    ),
    Measure(
        "known asteroids attributed",
        "Detections of asteroids with known orbits that were given to their orbit.",
        bar=0.95,
        sense="above",
        requirement="known asteroids attributed >= 95 %",
    ),
    Measure(
        "wrong attributions",
        "Detections that were given to an orbit that is not theirs.",
        how="sum",
        bar=0.0,
        sense="below",
        requirement="no detection given to a wrong orbit",
    ),
    Measure(
        "asteroids linked",
        "Asteroids without a known orbit, detected at least twice on each of three nights, that were linked.",
        bar=0.90,
        sense="above",
        requirement="every asteroid seen on three nights of pairs linked >= 90 %",
    ),
    Measure(
        "false orbits",
        "Linked orbits with any detection that is not of one and the same asteroid.",
        how="sum",
        bar=0.0,
        sense="below",
        requirement="no false orbit",
    ),
    Measure(
        "known orbits: error ahead",
        "Median distance of predicted and true place 30 days after the last night.",
        unit="arcsec",
        bar=1.0,
        sense="below",
        requirement="orbital position 30 days ahead within 1 arcsec of truth",
    ),
    Measure(
        "known orbits: foretold error ahead",
        "Median greatest standard error of these places by the orbits' covariance.",
        unit="arcsec",
    ),
    Measure(
        "known orbits: pull ahead", "Root mean square error per axis over its standard error; 1 is right."
    ),
    Measure(
        "new orbits: error ahead",
        "Median distance of predicted and true place 30 days after the last night, orbits found by linking.",
        unit="arcsec",
        bar=1.0,
        sense="below",
        requirement="orbital position 30 days ahead within 1 arcsec of truth",
    ),
    Measure(
        "new orbits: foretold error ahead",
        "Median greatest standard error of these places by the orbits' covariance: what the arc can tell.",
        unit="arcsec",
    ),
    Measure("new orbits: pull ahead", "Root mean square error per axis over its standard error; 1 is right."),
)
