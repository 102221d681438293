"""An error as the command line says it: one sentence, with the line of the file where it can be told."""

from __future__ import annotations

from jeoul.errors import DefinitionError, JeoulError

TOML = ".toml"


def refusal(error: JeoulError) -> str:
    """The sentence of an error. A wrong key of a TOML file is named with its line.

    ``'ours.toml', line 41, key 'condition.rest.duration': ...``
    """
    if not isinstance(error, DefinitionError) or not error.column:
        return str(error)
    if error.path and not error.path.endswith(TOML):
        return str(error)
    place = [f"'{error.path}'"] if error.path else []
    line = error.line or _line(error)
    place += [f"line {line}"] if line else []
    place += [f"key '{error.column}'"]
    return f"{', '.join(place)}: {error.found} {error.advice}".strip()


def _line(error: DefinitionError) -> int | None:
    from jeoul.cli.toml_lines import line_of

    return line_of(error.path, error.column) if error.path and error.column else None
