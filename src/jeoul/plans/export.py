"""A plan in the words of other programs: aurora-unicycler and through it testers, and PyBaMM."""

from __future__ import annotations

import importlib
import json
import re
import uuid
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
    say, for an interval that is not above 0 s, and where aurora-unicycler is needed and not installed.
    """
    if to not in TARGETS:
        raise UnknownNameError(
            f"plans are not written for '{to}'.", advice=f"There are: {', '.join(TARGETS)}."
        )
    if not record_second > 0.0:
        raise OutOfValidityError(
            f"{record_second:g} s between two records cannot be.", advice="Give more than 0."
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
    """Neware XML in which neither the clock nor chance has a say: the same plan is the same file.

    aurora-unicycler stamps the time of writing and a random GUID. The GUID becomes that of the contents, and
    the date the first of 1970, which nobody takes for the day of writing.
    """
    text = str(_said(document, "to_neware_xml", "Neware XML"))
    own = uuid.uuid5(uuid.NAMESPACE_OID, _STAMPS.sub(r"\1\2", text))
    return _STAMPS.sub(rf'\g<1>date="{NO_DATE}"\g<2>Guid="{own}"', text)


NO_DATE = "19700101000000"
_STAMPS = re.compile(r'(<config [^>]*?)date="[^"]*"([^>]*?)Guid="[^"]*"')


def _biologic(document: dict[str, Any]) -> str:
    return str(_said(document, "to_biologic_mps", "BioLogic settings", range_V=_range_volt(document)))


def _range_volt(document: dict[str, Any]) -> tuple[float, float]:
    """The range of BioLogic instruments that holds every voltage of the plan: to 5 V or to 10 V [V]."""
    volts = [step.get(key) or 0.0 for step in document["method"] for key in ("voltage_V", "until_voltage_V")]
    return (0.0, 5.0 if max(volts, default=0.0) <= 5.0 else 10.0)


def _battinfo(document: dict[str, Any]) -> str:
    return _as_json(_said(document, "to_battinfo_jsonld", "BattINFO JSON-LD"))


def _said(document: dict[str, Any], method: str, target: str, **options: Any) -> Any:
    """What aurora-unicycler writes; its refusal, such as a current that no instrument has, as ours."""
    try:
        return getattr(_protocol(document), method)(**options)
    except (ValueError, NotImplementedError) as error:
        raise OutOfValidityError(
            f"{target} cannot say all of '{document['sample']['name']}': {error}.",
            advice="Write this part in the tester's own program, or choose another target.",
        ) from error


def _protocol(document: dict[str, Any]) -> Any:
    try:
        package = importlib.import_module("aurora_unicycler")
    except ImportError as error:
        raise OutOfValidityError(
            "writing programs of testers needs the package aurora-unicycler.",
            advice="Install it: pip install 'jeoul[plans]'. The target 'unicycler' does without it.",
        ) from error
    return package.CyclingProtocol.from_dict(document)


def encoding_of(to: str) -> str:
    """How the file of a target is encoded: BioLogic reads its settings in the Windows code page."""
    return "cp1252" if to == "biologic" else "utf-8"


_WRITERS: dict[str, Callable[[dict[str, Any]], str]] = {
    "unicycler": _as_json,
    "neware": _neware,
    "biologic": _biologic,
    "battinfo": _battinfo,
}
TARGETS = (*_WRITERS, "pybamm")
