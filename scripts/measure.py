from gnomon.cli import main
from gnomon.steps.measure import measure

if __name__ == "__main__":
    main(measure)
