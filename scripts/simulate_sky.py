from gnomon.cli import main
from gnomon.steps.simulate_sky import simulate_sky

if __name__ == "__main__":
    main(simulate_sky)
