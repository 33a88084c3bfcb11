from gnomon.cli import main
from gnomon.steps.motion import motion

if __name__ == "__main__":
    main(motion)
