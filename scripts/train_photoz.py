from gnomon.cli import main
from gnomon.steps.train_photoz import train_photoz

if __name__ == "__main__":
    main(train_photoz)
