from gnomon.cli import main
from gnomon.steps.visit_figure import visit_figure

if __name__ == "__main__":
    main(visit_figure)
