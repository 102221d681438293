"""The verb `plan`: a standard's clauses as a runnable plan, with what it takes of the laboratory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from jeoul.plans import Assumptions, Plan
    from jeoul.standards import ItemData, Standard

LFP_VOLT = 3.2
"""Mean voltage of an LFP cell, for an estimate of energy."""
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
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")] = False,
) -> None:
    """Write a standard's clauses as a test plan: its steps, how long it takes, energy and channel hours.

    Example: jeoul plan "IEC 62660-1:2018" --item cell.toml --clause 7.2 --simulate --out plan.toml
    """
    from jeoul.plans import book
    from jeoul.standards import read_item

    declared = read_item(item)
    chosen, skipped = _chosen(standard, declared, clause or (), profile)
    made = _plan(chosen, declared, settle, room)
    assumed = _assumptions(declared, soc, taper, settle)
    booking = book(made, assumed)
    document: dict[str, Any] = {
        "standard": {"id": chosen.id, "designation": chosen.designation},
        "item": declared.as_dict(),
        "clauses": [one.clause for one in chosen.clauses],
        "without_plan": skipped,
        "plan": _header(made),
        "steps": _rows(made, assumed),
        "assumed": _said(assumed),
        "estimate": _figures(booking, items),
        "simulated": _simulated(made, declared, soc, items) if simulate else None,
    }
    text, left_out = _exported(made, to, record, without_chamber)
    document["chamber_left_out"] = left_out
    document["written"] = _written(made, out, text)
    if json:
        from jeoul.cli.documents import as_json

        typer.echo(as_json({**document, **({"text": text} if text and out is None else {})}))
    elif text is not None and out is None:
        typer.echo(text, nl=False)
    else:
        show_plan(document)
    if left_out and not json:
        _say_left_out(left_out)


def _chosen(
    name: str, item: ItemData, clauses: list[str] | tuple[str, ...], profile: Path | None
) -> tuple[Standard, dict[str, str]]:
    """The standard cut to the clauses of the plan, and why the others have none."""
    from jeoul.errors import UnknownNameError
    from jeoul.standards import find_standard, read_limits
    from jeoul.standards.limits import confirm
    from jeoul.standards.procedure_plan import applies, why_no_plan

    standard = find_standard(name)
    standard = standard if profile is None else confirm(standard, read_limits(profile))
    known = [one.clause for one in standard.clauses]
    for number in clauses:
        if not any(number in (one.clause, one.base) for one in standard.clauses):
            found = f"{standard.designation} has no clause '{number}' here."
            raise UnknownNameError(found, advice=f"There are: {', '.join(known)}.")
    asked = [one for one in standard.clauses if not clauses or {one.clause, one.base} & set(clauses)]
    why = {one.clause: why_no_plan(one) for one in asked}
    why |= {one.clause: "it is not for this item" for one in asked if not applies(one.applies_when, item)}
    kept = tuple(one for one in asked if not why[one.clause])
    skipped = {number: reason for number, reason in why.items() if reason}
    if not kept:
        reasons = "; ".join(f"{number}: {reason}" for number, reason in skipped.items())
        raise UnknownNameError(
            f"no clause of {standard.designation} that was asked for has a plan.", advice=reasons
        )
    return replace(standard, clauses=kept), skipped


def _plan(standard: Standard, item: ItemData, settle_hour: float, room: float) -> Plan:
    from jeoul.errors import OutOfValidityError
    from jeoul.standards.procedure_plan import plan_for

    if settle_hour < 0:
        raise OutOfValidityError(f"--settle {settle_hour:g} h cannot be.", advice="Give 0 or more.")
    made = plan_for(standard, item, settle_second=settle_hour * 3600.0, room_celsius=room)
    numbers = ", ".join(one.clause for one in standard.clauses)
    return replace(made, name=f"{standard.designation} {numbers}, {item.name}")


def _assumptions(item: ItemData, soc: float, taper_minute: float, settle_hour: float) -> Assumptions:
    from jeoul.plans import Assumptions

    return Assumptions(soc, _mean_volt(item), taper_minute * 60.0, settle_hour * 3600.0)


def _mean_volt(item: ItemData) -> float:
    """The declared nominal voltage; else that of LFP cells, or halfway between the end voltages."""
    nominal = item.number("nominal_voltage_volt")
    if nominal is not None:
        return nominal
    ends = [item.number(f"end_of_{way}_voltage_volt") for way in ("charge", "discharge")]
    known = [volt for volt in ends if volt is not None]
    if item.text("chemistry") == "LFP" or not known:
        return LFP_VOLT * (item.number("cells_in_series") or 1.0)
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


def _rows(made: Plan, assumed: Assumptions) -> list[dict[str, Any]]:
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
                "does": say_step(execution.step),
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


def _written(made: Plan, out: Path | None, text: str | None) -> dict[str, str]:
    from jeoul.plans import write_plan

    if out is None:
        return {}
    if text is None:
        return {"plan": str(write_plan(made, out))}
    out.write_text(text, encoding="utf-8")
    return {"program": str(out)}


def show_plan(document: dict[str, Any]) -> None:
    """The steps, then time, charge and energy, then what they rest on."""
    from jeoul.cli.show import console

    table = _table(("step", "times", "role", "what", "h", "Ah"))
    for row in document["steps"]:
        hour = f"{row['second'] / 3600.0:.2f}"
        moved = f"{row['charge_ah']:+.3f}" if row["charge_ah"] else ""
        about = f"~{hour}" if row["guessed"] else hour
        table.add_row(str(row["step"]), str(row["times"]), row["role"], row["does"], about, moved)
    _line(document["plan"]["name"], bold=True)
    _line(f"chamber at the start: {document['plan']['temperature_celsius']:g} °C")
    console.print(table)
    _show_figures("estimate", document["estimate"])
    _line(f"  assumed: {_assumed_words(document['assumed'])}")
    if document["simulated"]:
        _show_figures("simulated", document["simulated"])
        _line(f"  {document['simulated']['assumed_cell']}")
    for number, why in document["without_plan"].items():
        _line(f"no plan for clause {number}: {why}")
    for name, path in document["written"].items():
        _line(f"{name}: {path}")


def _table(columns: tuple[str, ...]) -> Any:
    from rich.table import Table

    table = Table(box=None, padding=(0, 1), header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _show_figures(name: str, figures: dict[str, Any]) -> None:
    _line(
        f"{name}: {figures['duration_hour']:.1f} h, {figures['channel_hours']:.1f} channel hours "
        f"for {figures['items']} item(s); in {figures['charge_ah']:.3f} Ah, {figures['charge_wh']:.2f} Wh; "
        f"out {figures['discharge_ah']:.3f} Ah, {figures['discharge_wh']:.2f} Wh"
    )


def _assumed_words(assumed: dict[str, float]) -> str:
    return (
        f"{assumed['soc']:.0%} state of charge as received, {assumed['mean_voltage_volt']:.4g} V mean, "
        f"{assumed['taper_second'] / 60:.4g} min for a held voltage; a discharge gives the rated capacity"
    )


def _say_left_out(celsius: tuple[float, ...]) -> None:
    degrees = ", ".join(f"{one:g} °C" for one in celsius)
    typer.echo(f"jeoul: the chamber is set by hand: {degrees}, in this order.", err=True)


def _line(text: str, *, bold: bool = False) -> None:
    from jeoul.cli.show import console

    console.print(text, style="bold" if bold else None, markup=False, soft_wrap=True)
