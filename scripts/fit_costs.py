from gnomon.plan.fitted import main

if __name__ == "__main__":
    main()
