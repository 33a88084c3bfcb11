from gnomon.start import main

if __name__ == "__main__":
    main("score_dia_sources")
