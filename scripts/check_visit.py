from gnomon.cli import main
from gnomon.steps.check_visit import check_visit

if __name__ == "__main__":
    main(check_visit)
