"""`python -m pipeline`: the `tocsin` command, wherever its script is not on the path."""

from pipeline.cli.main import main

if __name__ == "__main__":
    main()
