from gnomon.cli import main
from gnomon.steps.alert import alert

if __name__ == "__main__":
    main(alert)
