from gnomon.cli import main
from gnomon.steps.known_orbits import known_orbits

if __name__ == "__main__":
    main(known_orbits)
