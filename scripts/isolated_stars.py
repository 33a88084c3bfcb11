from gnomon.cli import main
from gnomon.steps.isolated_stars import isolated_stars

if __name__ == "__main__":
    main(isolated_stars)
