from gnomon.cli import main
from gnomon.steps.forced_source import forced_source

if __name__ == "__main__":
    main(forced_source)
