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
)
