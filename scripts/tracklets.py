from gnomon.cli import main
from gnomon.steps.tracklets import tracklets

if __name__ == "__main__":
    main(tracklets)
