from gnomon.cli import main
from gnomon.steps.master_bias import master_bias

if __name__ == "__main__":
    main(master_bias)
