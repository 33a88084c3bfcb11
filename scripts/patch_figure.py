from gnomon.cli import main
from gnomon.steps.patch_figure import patch_figure

if __name__ == "__main__":
    main(patch_figure)
