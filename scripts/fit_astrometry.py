from gnomon.cli import main
from gnomon.steps.fit_astrometry import fit_astrometry

if __name__ == "__main__":
    main(fit_astrometry)
