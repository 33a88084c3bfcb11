from gnomon.cli import main
from gnomon.steps.isr import isr

if __name__ == "__main__":
    main(isr)
