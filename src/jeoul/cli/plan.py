"""The verb `plan`: a standard's clauses as a runnable plan, with what it takes of the laboratory."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jeoul.cli.language import Language, known_language
from jeoul.cli.plan_lines import head_lines, left_out_line, no_plan_lines, table_rows, tail_lines, why_not

if TYPE_CHECKING:
    from jeoul.errors import DefinitionError
    from jeoul.plans import Assumptions, Plan
    from jeoul.standards import Clause, ItemData, Standard

LFP_VOLT = 3.2
"""Mean voltage of an LFP cell, for an estimate of energy."""
ABSOLUTE_ZERO = -273.15
"""Nothing is colder [degC]."""
FORMATS = "unicycler, neware, biologic, battinfo or pybamm"


def plan(
    standard: Annotated[
        str, typer.Argument(help="Designation, id or .toml file of the procedure.", metavar="STANDARD")
    ],
    item: Annotated[Path, typer.Option("--item", help="The item to be tested: a TOML file.")],
    clause: Annotated[
        list[str] | None,
        typer.Option("--clause", help="Only this clause, with its variants; may repeat. Otherwise all."),
    ] = None,
    profile: Annotated[
        Path | None,
        typer.Option("--profile", "--limits", help="A profile that confirms numbers of the standard."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the plan to this TOML file, or what --to asks for.")
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", help=f"In the words of another program: {FORMATS}.")
    ] = None,
    without_chamber: Annotated[
        bool,
        typer.Option("--without-chamber", help="With --to: leave out what sets the chamber, and say so."),
    ] = False,
    record: Annotated[
        float, typer.Option("--record", help="With --to: time between two records [s], where none is asked.")
    ] = 10.0,
    simulate: Annotated[
        bool, typer.Option("--simulate", help="Run it on an assumed LFP cell scaled to the item.")
    ] = False,
    soc: Annotated[float, typer.Option("--soc", help="State of charge as received, assumed [0 to 1].")] = 0.5,
    taper: Annotated[
        float, typer.Option("--taper", help="Time of a held voltage for its current to fall, assumed [min].")
    ] = 30.0,
    settle: Annotated[
        float, typer.Option("--settle", help="Rest after the chamber moves, besides what is asked [h].")
    ] = 4.0,
    room: Annotated[
        float, typer.Option("--room", help="The chamber where nothing says its temperature [degC].")
    ] = 25.0,
    items: Annotated[int, typer.Option("--items", help="Items, each on a channel of its own.")] = 1,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="With --out: write over a file that is there.")
    ] = False,
    language: Language = "en",
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")] = False,
) -> None:
    """Write a standard's clauses as a test plan: its steps, how long it takes, energy and channel hours.

    Clauses that no cycler runs, that are not for this item, or whose numbers are not known are left out and
    named with the reason. Exit code 0, or 2 with one clear error where none is left.

    Example: jeoul plan "IEC 62660-1:2018" --item cell.toml --clause 7.2 --simulate --out plan.toml

    Example: jeoul plan iso_12405_4_2018 --item pack.toml --profile ours.toml --language ko

    Example: jeoul plan our_procedure.toml --item cell.toml --to neware --without-chamber --out plan.xml
    """
    from jeoul.plans import book
    from jeoul.standards import read_item

    tongue = known_language(language)
    _check_free(out, overwrite)
    declared = read_item(item)
    asked = _asked(standard, declared, clause or (), profile)
    chosen, skipped = _chosen(asked, declared, tongue, settle, room)
    made = _plan(chosen, declared, settle, room)
    assumed = _assumptions(declared, soc, taper, settle)
    booking = book(made, assumed)
    document: dict[str, Any] = {
        "standard": {"id": chosen.id, "designation": chosen.designation},
        "item": declared.as_dict(),
        "clauses": [one.clause for one in chosen.clauses],
        "without_plan": skipped,
        "plan": _header(made),
        "steps": _rows(made, assumed, tongue),
        "assumed": _said(assumed),
        "estimate": _figures(booking, items),
        "simulated": _simulated(made, declared, soc, items) if simulate else None,
    }
    text, left_out = _exported(made, to, record, without_chamber)
    document["chamber_left_out"] = left_out
    document["written"] = _written(made, out, text, to)
    if json:
        from jeoul.cli.documents import as_json

        typer.echo(as_json({**document, **({"text": text} if text and out is None else {})}))
    elif text is not None and out is None:
        typer.echo(text, nl=False)
        _say_aside(no_plan_lines(skipped, tongue))
    else:
        show_plan(document, tongue)
    if left_out and not json:
        _say_aside([left_out_line(left_out, tongue)])


def _check_free(out: Path | None, overwrite: bool) -> None:
    """Nothing is written over unless somebody says so."""
    from jeoul.errors import ReportError

    if out is not None and out.exists() and not overwrite:
        raise ReportError(
            "there is such a file already.", advice="Name another one, or say --overwrite.", path=out
        )


def _asked(name: str, item: ItemData, clauses: list[str] | tuple[str, ...], profile: Path | None) -> Standard:
    """The standard cut to the clauses that were asked for. Raises for an item of another kind."""
    from jeoul.errors import DefinitionError, UnknownNameError
    from jeoul.standards import find_standard, read_limits
    from jeoul.standards.limits import confirm

    standard = find_standard(name)
    standard = standard if profile is None else confirm(standard, read_limits(profile))
    if item.kind not in standard.item_kinds:
        found = f"{standard.designation} is for {', '.join(standard.item_kinds)}; this item is a {item.kind}."
        raise DefinitionError(found, path=item.file_name or None, column="item.kind")
    for number in clauses:
        if not any(number in (one.clause, one.base) for one in standard.clauses):
            found = f"{standard.designation} has no clause '{number}' here."
            known = ", ".join(one.clause for one in standard.clauses)
            raise UnknownNameError(found, advice=f"There are: {known}.")
    kept = (one for one in standard.clauses if not clauses or {one.clause, one.base} & set(clauses))
    return replace(standard, clauses=tuple(kept))


def _chosen(
    standard: Standard, item: ItemData, language: str, settle_hour: float, room: float
) -> tuple[Standard, dict[str, str]]:
    """The clauses of the plan, and why the others have none.

    A number of the standard that is not known leaves its clauses out; what the item does not declare is an
    error, for whoever plans can write it down. Where no clause is left, the first number is the error.
    """
    from jeoul.errors import DefinitionError, UnknownNameError

    kept, skipped, lacking = [], dict[str, str](), list[DefinitionError]()
    for clause in standard.clauses:
        reason = _why_not(clause, item)
        if not reason:
            try:
                _plan(replace(standard, clauses=(clause,)), item, settle_hour, room)
            except DefinitionError as error:
                if not _is_open_number(error):
                    raise
                lacking.append(error)
                reason = {"key": "missing", "found": error.found, "advice": error.advice}
                reason["column"] = error.column or error.found
        if reason:
            skipped[clause.clause] = why_not(language, reason).rstrip(".")
        else:
            kept.append(clause)
    if kept:
        return replace(standard, clauses=tuple(kept)), skipped
    if lacking:
        raise _with_way_out(lacking[0], standard)
    reasons = "; ".join(no_plan_lines(skipped, "en"))
    raise UnknownNameError(
        f"no clause of {standard.designation} that was asked for has a plan.", advice=f"{reasons}."
    )


def _is_open_number(error: DefinitionError) -> bool:
    """Whether a number of the standard is lacking, not one of the item."""
    return "in a profile" in error.advice


def _with_way_out(error: DefinitionError, standard: Standard) -> DefinitionError:
    """The error, and how all numbers that are open are confirmed."""
    start = f"All that are open: jeoul standards profile {standard.id} profile.toml."
    return type(error)(error.found, advice=f"{error.advice} {start}", path=error.path, column=error.column)


def _why_not(clause: Clause, item: ItemData) -> dict[str, str]:
    """Why no plan is tried; empty where one is."""
    from jeoul.standards.declare import is_asked, why_left_out

    if is_asked(clause, item) is not True:
        why = why_left_out(clause, item)
        told = {"attribute": why.key, "words": why.words}
        if why.found is None:
            return {"key": "undeclared_item", **told}
        return {"key": "excluded_item" if why.unless else "other_item", **told, "found": why.found}
    if not clause.sequence:
        return {"key": "people"}
    return {"key": "record"} if clause.is_record else {}


def _plan(standard: Standard, item: ItemData, settle_hour: float, room: float) -> Plan:
    from jeoul.errors import OutOfValidityError
    from jeoul.standards.procedure_plan import plan_for

    if not 0.0 <= settle_hour < math.inf:
        raise OutOfValidityError(f"--settle {settle_hour:g} h cannot be.", advice="Give 0 or more.")
    if not ABSOLUTE_ZERO < room < math.inf:
        raise OutOfValidityError(f"--room {room:g} degC cannot be.", advice="Give a temperature in degC.")
    made = plan_for(standard, item, settle_second=settle_hour * 3600.0, room_celsius=room)
    numbers = ", ".join(one.clause for one in standard.clauses)
    return replace(made, name=f"{standard.designation} {numbers}, {item.name}")


def _assumptions(item: ItemData, soc: float, taper_minute: float, settle_hour: float) -> Assumptions:
    from jeoul.plans import Assumptions

    return Assumptions(soc, _mean_volt(item), taper_minute * 60.0, settle_hour * 3600.0)


def _mean_volt(item: ItemData) -> float:
    """The declared nominal voltage; else that of LFP cells, or halfway between the end voltages."""
    nominal, series = item.number("nominal_voltage_volt"), item.number("cells_in_series")
    if nominal is not None:
        return nominal
    ends = [item.number(f"end_of_{way}_voltage_volt") for way in ("charge", "discharge")]
    known = [volt for volt in ends if volt is not None]
    of_lfp = item.text("chemistry") == "LFP" and (item.kind == "cell" or series is not None)
    if of_lfp or not known:
        return LFP_VOLT * (series or 1.0)
    return sum(known) / len(known)


def _said(assumed: Assumptions) -> dict[str, float]:
    from dataclasses import asdict

    return asdict(assumed)


def _header(made: Plan) -> dict[str, Any]:
    return {
        "name": made.name,
        "rated_capacity_ah": made.rated_capacity_ah,
        "temperature_celsius": made.temperature_celsius,
    }


def _rows(made: Plan, assumed: Assumptions, language: str) -> list[dict[str, Any]]:
    """Each step of the programme once: what it does, how often, how long it takes each time and in all."""
    from jeoul.plans import estimate_duration, unroll
    from jeoul.plans.wording import say_step

    rows: dict[int, dict[str, Any]] = {}
    for execution, length in zip(unroll(made), estimate_duration(made, assumed), strict=True):
        row = rows.setdefault(
            execution.step_id,
            {
                "step": execution.step_id,
                "role": getattr(execution.step, "label", ""),
                "does": say_step(execution.step, language),
                "times": 0,
                "second": 0.0,
                "charge_ah": 0.0,
                "guessed": length.guessed,
            },
        )
        row["times"] += 1
        row["second"] += length.second
        row["charge_ah"] += length.charge_ah
    return list(rows.values())


def _figures(booking: Any, items: int) -> dict[str, float]:
    return {
        "duration_hour": booking.second / 3600.0,
        "channel_hours": booking.channel_hours(items),
        "items": items,
        "charge_ah": booking.charge_ah,
        "discharge_ah": booking.discharge_ah,
        "charge_wh": booking.charge_wh,
        "discharge_wh": booking.discharge_wh,
    }


def _simulated(made: Plan, item: ItemData, soc: float, items: int) -> dict[str, Any]:
    from jeoul.simulation import rehearse

    found = rehearse(made, item.numbers, soc=soc)
    names = ("charge_ah", "discharge_ah", "charge_wh", "discharge_wh")
    return {
        "assumed_cell": found.assumed,
        "duration_hour": found.second / 3600.0,
        "channel_hours": items * found.second / 3600.0,
        "items": items,
        **{name: found.total(name) for name in names},
    }


def _exported(
    made: Plan, to: str | None, record: float, without: bool
) -> tuple[str | None, tuple[float, ...]]:
    from jeoul.plans import export_plan, without_chamber

    if to is None:
        return None, ()
    bare, left_out = without_chamber(made) if without else (made, ())
    return export_plan(bare, to, record_second=record), left_out


def _written(made: Plan, out: Path | None, text: str | None, to: str | None) -> dict[str, str]:
    from jeoul.plans import write_plan
    from jeoul.plans.export import encoding_of
    from jeoul.plans.writing import write_text

    if out is None:
        return {}
    if text is None:
        return {"plan": str(write_plan(made, out))}
    return {"program": str(write_text(text, out, encoding=encoding_of(to or "")))}


def show_plan(document: dict[str, Any], language: str) -> None:
    """The steps, then time, charge and energy, then what they rest on."""
    from rich.table import Table

    from jeoul.cli.show import console

    table = Table(box=None, padding=(0, 1), header_style="bold")
    titles, *rows = table_rows(document["steps"], language)
    for title in titles:
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(*row)
    first, *more = head_lines(document, language)
    _line(first, bold=True)
    for text in more:
        _line(text)
    console.print(table)
    for text in tail_lines(document, language):
        _line(text)


def _say_aside(lines: Iterable[str]) -> None:
    """What does not belong into a program that is printed."""
    for text in lines:
        typer.echo(text, err=True)


def _line(text: str, *, bold: bool = False) -> None:
    from jeoul.cli.show import console

    console.print(text, style="bold" if bold else None, markup=False, soft_wrap=True)
