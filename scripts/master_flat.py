from gnomon.cli import main
from gnomon.steps.master_flat import master_flat

if __name__ == "__main__":
    main(master_flat)
