from gnomon.cli import main
from gnomon.steps.fit_photometry import fit_photometry

if __name__ == "__main__":
    main(fit_photometry)
