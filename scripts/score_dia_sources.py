from gnomon.cli import main
from gnomon.steps.score_dia_sources import score_dia_sources

if __name__ == "__main__":
    main(score_dia_sources)
