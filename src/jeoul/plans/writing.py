"""A test plan into its TOML file: what `read_plan` reads back as the same plan."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

from jeoul.errors import ReportError
from jeoul.plans.plan import (
    AdjustSoc,
    Constant,
    ConstantThenHold,
    Drive,
    Hold,
    Impedance,
    Logging,
    Plan,
    PlanStep,
    Profile,
    Pulse,
    Repeat,
    Rest,
    SetTemperature,
    Until,
)

_WORDS: Mapping[type, str] = {
    ConstantThenHold: "cccv",
    Hold: "hold",
    Rest: "rest",
    Pulse: "pulse",
    Profile: "profile",
    SetTemperature: "temperature",
    AdjustSoc: "adjust_soc",
    Impedance: "impedance",
}


def plan_to_toml(plan: Plan) -> str:
    """The plan as TOML. `read_plan` gives the same plan again: numbers are written with all their digits.

    Durations are in seconds; a profile stands in the file itself.
    """
    head = {
        "name": plan.name,
        "rated_capacity_ah": plan.rated_capacity_ah,
        "temperature_celsius": plan.temperature_celsius,
    }
    blocks = ["\n".join(["[plan]", *_lines(head)])]
    blocks += [text for step in plan.steps for text in _blocks(step, "step")]
    return "\n\n".join(blocks) + "\n"


def write_plan(plan: Plan, path: str | Path) -> Path:
    """Write the plan to a TOML file, which appears whole or not at all; its path."""
    return write_text(plan_to_toml(plan), path, encoding="utf-8")


def write_text(text: str, path: str | Path, *, encoding: str) -> Path:
    """Write a text to a file, which appears whole or not at all; its path.

    Raises `ReportError` where there is no such folder.
    """
    target = Path(path)
    if not target.parent.is_dir():
        raise ReportError("there is no such folder.", advice="Make it first.", path=target.parent)
    partial = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        partial.write_text(text, encoding=encoding, errors="replace")
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return target


def _blocks(step: PlanStep, key: str) -> Iterator[str]:
    """A step and the steps within it, each below its own ``[[header]]``."""
    if not isinstance(step, Repeat):
        yield "\n".join([f"[[{key}]]", *_lines(_entries(step))])
        return
    head: dict[str, Any] = {"do": "repeat", "times": step.times}
    head |= {"counts_cycles": True} if step.counts_cycles else {}
    yield "\n".join([f"[[{key}]]", *_lines(head)])
    for inner in step.steps:
        yield from _blocks(inner, f"{key}.step")


def _entries(step: PlanStep) -> dict[str, Any]:
    """The entries of one step: a drive under the name of its quantity, what has its default left out."""
    found: dict[str, Any] = {"do": step.way if isinstance(step, Constant) else _WORDS[type(step)]}
    for field in fields(step):
        value = getattr(step, field.name)
        if value == _default(field) or (isinstance(step, Constant) and field.name == "way"):
            continue
        if isinstance(value, Drive):
            found[value.quantity] = value.value
        elif isinstance(step, Profile) and field.name in ("quantity", "value"):
            found[step.quantity] = step.value
        else:
            found[field.name] = value
    return found


def _default(field: Field[Any]) -> Any:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return field.default


def _lines(entries: Mapping[str, Any]) -> list[str]:
    return [f"{name} = {_text(value)}" for name, value in entries.items()]


def _text(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        # A TOML text in quotes is a JSON text, but for the control character DEL.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, (Until, Logging)):
        inner = {f.name: getattr(value, f.name) for f in fields(value)}
        return "{ " + ", ".join(_lines({k: v for k, v in inner.items() if v is not None})) + " }"
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(_text(item) for item in value) + "]"
    return repr(value)
