from gnomon.cli import main
from gnomon.steps.check_moving import check_moving

if __name__ == "__main__":
    main(check_moving)
