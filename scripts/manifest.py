from gnomon.audit.manifest import main

if __name__ == "__main__":
    main()
