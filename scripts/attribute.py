from gnomon.cli import main
from gnomon.steps.attribute import attribute

if __name__ == "__main__":
    main(attribute)
