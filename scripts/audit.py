from gnomon.audit.audit import main

if __name__ == "__main__":
    main()
