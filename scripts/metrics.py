from gnomon.cli import main
from gnomon.steps.metrics import metrics

if __name__ == "__main__":
    main(metrics)
