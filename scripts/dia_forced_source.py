from gnomon.cli import main
from gnomon.steps.dia_forced_source import dia_forced_source

if __name__ == "__main__":
    main(dia_forced_source)
