from gnomon.cli import main
from gnomon.steps.variability import variability

if __name__ == "__main__":
    main(variability)
