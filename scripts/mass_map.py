from gnomon.cli import main
from gnomon.steps.mass_map import mass_map

if __name__ == "__main__":
    main(mass_map)
