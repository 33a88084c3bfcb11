from gnomon.cli import main
from gnomon.steps.shear import shear

if __name__ == "__main__":
    main(shear)
