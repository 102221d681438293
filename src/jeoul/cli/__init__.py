"""The command line: thin. Each verb calls one public function and prints what it returned."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line program: exit code 0, or 2 with one clear error, or 130 when interrupted."""
    from jeoul.cli.refusal import refusal
    from jeoul.cli.verbs import app
    from jeoul.errors import JeoulError

    try:
        app(prog_name="jeoul")
    except JeoulError as error:
        _leave(refusal(error))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        place = f"'{error.filename}': " if error.filename else ""
        _leave(f"{place}{error.strerror or error}.")
    except MemoryError:
        _leave(
            "there is not enough memory for this file. Write its table to Parquet first: --to FILE.parquet"
        )


def _leave(message: str) -> None:
    print(f"jeoul: error: {message}", file=sys.stderr)
    sys.exit(2)
