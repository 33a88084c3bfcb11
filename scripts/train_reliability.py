from gnomon.cli import main
from gnomon.steps.train_reliability import train_reliability

if __name__ == "__main__":
    main(train_reliability)
