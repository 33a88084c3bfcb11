from gnomon.cli import main
from gnomon.steps.check_derived import check_derived

if __name__ == "__main__":
    main(check_derived)
