from gnomon.cli import main
from gnomon.steps.orbit_catalog import orbit_catalog

if __name__ == "__main__":
    main(orbit_catalog)
