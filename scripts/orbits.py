from gnomon.cli import main
from gnomon.steps.orbits import orbits

if __name__ == "__main__":
    main(orbits)
