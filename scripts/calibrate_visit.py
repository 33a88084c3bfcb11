from gnomon.cli import main
from gnomon.steps.calibrate_visit import calibrate_visit

if __name__ == "__main__":
    main(calibrate_visit)
