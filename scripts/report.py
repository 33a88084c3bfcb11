from gnomon.cli import main
from gnomon.steps.report import report

if __name__ == "__main__":
    main(report)
