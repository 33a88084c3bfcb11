from gnomon.cli import main
from gnomon.steps.photoz import photoz

if __name__ == "__main__":
    main(photoz)
