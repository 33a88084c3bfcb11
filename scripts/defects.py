from gnomon.cli import main
from gnomon.steps.defects import defects

if __name__ == "__main__":
    main(defects)
