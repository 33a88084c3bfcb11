from gnomon.cli import main
from gnomon.steps.master_dark import master_dark

if __name__ == "__main__":
    main(master_dark)
