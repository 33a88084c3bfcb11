from gnomon.cli import main
from gnomon.steps.difference import difference

if __name__ == "__main__":
    main(difference)
