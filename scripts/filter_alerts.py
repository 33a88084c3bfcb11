from gnomon.cli import main
from gnomon.steps.filter_alerts import filter_alerts

if __name__ == "__main__":
    main(filter_alerts)
