from gnomon.audit.explain import main

if __name__ == "__main__":
    main()
