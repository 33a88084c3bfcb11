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
    *(
        Measure(f"PSF {n} residual", f"Mean {what} of reserve stars of single visits less that of the PSF.")
        for n, what in (("size", "ln T"), ("e1", "e1"), ("e2", "e2"))
    ),
    Measure(
        "PSF TE1", "Mean product of two reserve stars' ellipticities less the PSF's, nearer than 1 arcmin."
    ),
    Measure(
        "PSF TE2", "The same of stars farther apart than 5 arcmin; photon noise alone leaves 1e-5 a visit."
    ),
    Measure("PSF flux bias", "Isolated stars of S/N above 50 on single visits, against the truth."),
    Measure(
        "PSF flux pull, less 1",
        "Spread of residuals over errors of stars of S/N 10 to 100 without neighbours, on single visits.",
        bar=0.15,
        sense="within",
        requirement="pulls within 1.0 +- 0.15",
    ),
    Measure("purity", "Part of the sources with something true behind them."),
    # all visits together: check_joint
    Measure(
        "relative astrometry",
        "Per axis, detections of isolated steady stars of S/N above 100 about the star's own track through all visits.",
        unit="mas",
        how="rms",
        bar=5.0,
        sense="below",
        requirement="positions repeat within 5 mas at S/N > 100",
    ),
    Measure(
        "absolute astrometry",
        "Length of the mean offset of isolated steady stars of S/N above 100 from the truth, refraction taken off.",
        unit="mas",
        bar=2.0,
        sense="below",
        requirement="absolute positions right to 2 mas in the mean",
    ),
    Measure(
        "photometric repeatability",
        "Magnitudes of isolated stars of S/N above 100 about the star's mean in the band, photon noise included.",
        unit="mag",
        how="rms",
    ),
    Measure(
        "photometric repeatability, photons taken off",
        "What must be added to the stated errors to make them right: what calibration and flat fields leave.",
        unit="mag",
        how="rms",
        bar=0.005,
        sense="below",
        requirement="fluxes repeat within 5 mmag beyond photon noise (3 mmag wanted in g, r, i)",
    ),
    Measure(
        "pull of repeated fluxes, less 1",
        "Spread of repeated fluxes of isolated steady stars of S/N 20 to 100, all bands, over their stated errors; "
        "what calibration adds to brighter ones is the row above.",
        bar=0.05,
        sense="within",
        requirement="pulls of repeat measurements 1.00 +- 0.05",
    ),
    Measure("pull of repeated fluxes", "The same band by band, not less 1."),
    # coadds and objects: check_objects
    Measure(
        "coadd depth error",
        "Magnitude at five sigma where all visits meet, less that of the same mean of the true visits.",
        unit="mag",
        bar=0.1,
        sense="within",
        requirement="coadd depth within 0.1 mag of expectation",
    ),
    Measure("coadd depth", "Magnitude at five sigma of the sky where all visits meet.", "mag"),
    Measure(
        "object completeness",
        "Stars and galaxies of S/N above 10 on a coadd of any band that were found; not those that brighter "
        "neighbours outshine at their own place.",
        bar=0.95,
        sense="above",
        requirement="at least 95 % of objects at S/N > 10 found",
    ),
    Measure("object completeness, alone", "The same of those with no neighbour within 3 arcsec."),
    Measure("object completeness, overshone", "Of those that brighter neighbours outshine."),
    Measure("object purity", "Part of the objects above 10 sigma with something true behind them."),
    Measure(
        "coadd PSF flux bias",
        "Constant stars of S/N above 30 without neighbours, on coadds.",
        bar=0.01,
        sense="within",
        requirement="PSF flux unbiased to 1 % for isolated stars",
    ),
    Measure(
        "coadd PSF flux pull, less 1",
        "Spread of residuals over errors of constant stars without neighbours, of S/N below 50 in the band and "
        "above 10 in another.",
        bar=0.15,
        sense="within",
        requirement="pulls within 1.0 +- 0.15",
    ),
    Measure("model flux bias of galaxies", "Galaxies of S/N above 30 without neighbours, galaxy model."),
    *(
        Measure(f"model colour bias {c}", "Galaxies of S/N above 30 in both bands, galaxy model.", "mag")
        for c in ("g-r", "r-i", "i-z")
    ),
    # redshifts and light curves: check_derived
    Measure("photo-z scatter", "1.48 MAD of dz / (1 + z) of galaxies of i < 24 without a spectrum."),
    Measure(
        "photo-z scatter over that of nearest neighbours",
        "Both trained with the same spectra.",
        bar=1.0,
        sense="below",
        requirement="photo-z better than the nearest-neighbour baseline",
    ),
    Measure("photo-z outliers", "Part with |dz| / (1 + z) above 0.15."),
    Measure("photo-z outliers of nearest neighbours", "The same of the baseline."),
    Measure("photo-z bias", "Median dz / (1 + z)."),
    Measure("photo-z extrapolated", "Part flagged as outside the training set."),
    Measure(
        "photo-z PIT",
        "Kolmogorov-Smirnov distance from uniform of the probability below the truth; 1.36 / sqrt(n) is chance.",
    ),
    Measure("RR Lyrae called variable", "Part of those that are objects."),
    Measure("RR Lyrae with their period", "Part whose period is right to 0.2 per cent, a cycle a year."),
    Measure("constant stars called variable", "Part of the constant stars that are objects."),
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
    # differences: check_transients
    Measure("transients detected", "Transients of S/N above 8, on known pixels, that were detected at all."),
    Measure(
        "transients found",
        "Transients of S/N above 8 in a visit, on known pixels of the difference, with a reliable detection; of all "
        "bands together, as some hold a handful.",
        bar=0.90,
        sense="above",
        requirement="at least 90 % of injected transients above S/N 8 found",
    ),
    Measure("transients found in a band", "The same band by band."),
    Measure("error of transients found in a band", "Standard error of that, binomial."),
    Measure(
        "detected asteroids reliable",
        "Detected asteroids of S/N above 8 whose detection is reliable, of all bands.",
    ),
    Measure(
        "reliable detections true",
        "Reliable detections with a transient, an asteroid or a variable star behind them, in the visit or (if "
        "fainter than the template) in another visit, of which the template was made.",
        bar=0.90,
        sense="above",
        requirement="at least 90 % purity after reliability",
    ),
    Measure("reliable rises true", "The same of those brighter than the template, in the visit alone."),
    Measure(
        "flux error of new sources",
        "Median of PSF flux on the difference over true flux, less 1, of rises with a transient or asteroid of S/N "
        "above 20 behind them.",
        bar=0.01,
        sense="within",
        requirement="fluxes on difference images unbiased to 1 %",
    ),
    Measure(
        "static stars left",
        "Median of PSF flux on the difference over true flux of stars that do not vary, S/N above 20, on clean pixels: "
        "the error of the template's flux scale.",
    ),
    Measure(
        "repeated objects true", "DIA objects seen at least twice that are transients or variable stars."
    ),
)
