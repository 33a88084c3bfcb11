from gnomon.cli import main
from gnomon.steps.release_catalogs import release_catalogs

if __name__ == "__main__":
    main(release_catalogs)
