from gnomon.service.prompt import main

if __name__ == "__main__":
    main()
