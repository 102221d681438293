"""A plan in the words of other programs: aurora-unicycler and through it testers, and PyBaMM."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from typing import Any

from jeoul.errors import OutOfValidityError, UnknownNameError
from jeoul.plans.lowering import count_out, one_record
from jeoul.plans.plan import Plan
from jeoul.plans.pybamm import to_pybamm
from jeoul.plans.unicycler import to_unicycler


def export_plan(plan: Plan, to: str, *, record_second: float) -> str:
    """The plan as the text of one of `TARGETS`.

    ``unicycler``: its JSON protocol; ``neware``: Neware XML; ``biologic``: BioLogic settings (.mps);
    ``battinfo``: BattINFO JSON-LD; ``pybamm``: a JSON list of sentences for ``pybamm.Experiment``.

    Settings of a state of charge are written as the charge that is to be moved, where the plan says it
    (`count_out`), and rules of logging as one interval that keeps them all (`one_record`).

    Raises `UnknownNameError` for another target, `OutOfValidityError` with every step that the target cannot
    say, and where aurora-unicycler is needed and not installed.
    """
    if to not in TARGETS:
        raise UnknownNameError(
            f"plans are not written for '{to}'.", advice=f"There are: {', '.join(TARGETS)}."
        )
    counted = count_out(plan)
    if to == "pybamm":
        return json.dumps(to_pybamm(counted), ensure_ascii=False, indent=1) + "\n"
    bare, second = one_record(counted, record_second)
    document = to_unicycler(bare, record_second=second)
    return _WRITERS[to](document)


def _as_json(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _neware(document: dict[str, Any]) -> str:
    return str(_protocol(document).to_neware_xml())


def _biologic(document: dict[str, Any]) -> str:
    return str(_protocol(document).to_biologic_mps())


def _battinfo(document: dict[str, Any]) -> str:
    return _as_json(_protocol(document).to_battinfo_jsonld())


def _protocol(document: dict[str, Any]) -> Any:
    try:
        package = importlib.import_module("aurora_unicycler")
    except ImportError as error:
        raise OutOfValidityError(
            "writing programs of testers needs the package aurora-unicycler.",
            advice="Install it: pip install 'jeoul[plans]'. The target 'unicycler' does without it.",
        ) from error
    return package.CyclingProtocol.from_dict(document)


_WRITERS: dict[str, Callable[[dict[str, Any]], str]] = {
    "unicycler": _as_json,
    "neware": _neware,
    "biologic": _biologic,
    "battinfo": _battinfo,
}
TARGETS = (*_WRITERS, "pybamm")
