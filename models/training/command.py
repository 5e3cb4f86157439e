"""The same as `tocsin train`, for where `pipeline` is not installed: `python -m models.training.command`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console

from models.errors import ModelError
from models.training.run import run


def main() -> int:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(prog="python -m models.training.command", description=__doc__)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="folder for the checkpoint")
    arguments = parser.parse_args()
    try:
        run(arguments.recipe, arguments.out, Console())
    except ModelError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
