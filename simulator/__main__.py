"""`python -m simulator` is `roamlab`."""

from simulator.cli import main

if __name__ == "__main__":
    main()
