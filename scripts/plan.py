from gnomon.plan.command import main

if __name__ == "__main__":
    main()
