from gnomon.cli import main
from gnomon.steps.detect_objects import detect_objects

if __name__ == "__main__":
    main(detect_objects)
