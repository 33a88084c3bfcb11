from gnomon.cli import main
from gnomon.steps.finalize_visit import finalize_visit

if __name__ == "__main__":
    main(finalize_visit)
