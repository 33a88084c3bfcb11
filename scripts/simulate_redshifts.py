from gnomon.cli import main
from gnomon.steps.simulate_redshifts import simulate_redshifts

if __name__ == "__main__":
    main(simulate_redshifts)
