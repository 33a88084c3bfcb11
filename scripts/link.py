from gnomon.cli import main
from gnomon.steps.link import link

if __name__ == "__main__":
    main(link)
