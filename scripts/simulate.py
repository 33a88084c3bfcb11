from gnomon.cli import main
from gnomon.steps.simulate import simulate

if __name__ == "__main__":
    main(simulate)
