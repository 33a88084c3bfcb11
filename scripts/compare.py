from gnomon.audit.compare import main

if __name__ == "__main__":
    main()
