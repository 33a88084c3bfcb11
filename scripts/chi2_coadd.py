from gnomon.cli import main
from gnomon.steps.chi2_coadd import chi2_coadd

if __name__ == "__main__":
    main(chi2_coadd)
