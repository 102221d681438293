"""Libraries that only some formats need, loaded when such a file is read."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

from jeoul.errors import ReadError


def load_optional(module: str, extra: str, path: Path) -> ModuleType:
    """The module, or a `ReadError` that names the extra to install."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ReadError(
            f"needs the library '{module.split('.')[0]}', which is not installed.",
            path=path,
            advice=f"Install it: pip install 'jeoul[{extra}]'.",
        ) from error
