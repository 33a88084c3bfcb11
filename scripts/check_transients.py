from gnomon.cli import main
from gnomon.steps.check_transients import check_transients

if __name__ == "__main__":
    main(check_transients)
