from gnomon.cli import main
from gnomon.steps.associate import associate

if __name__ == "__main__":
    main(associate)
