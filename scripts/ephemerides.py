from gnomon.cli import main
from gnomon.steps.ephemerides import ephemerides

if __name__ == "__main__":
    main(ephemerides)
