from gnomon.cli import main
from gnomon.steps.check_joint import check_joint

if __name__ == "__main__":
    main(check_joint)
