from gnomon.cli import main
from gnomon.steps.check_objects import check_objects

if __name__ == "__main__":
    main(check_objects)
