"""A clause as a plan that a tester runs: its steps in order, derived from its sequence and its conditions.

The plan is tight: run as written, it keeps every condition of the clause, and it asks for little more. What
each place becomes stands in `jeoul.standards.procedure_steps`; this module puts the places in their order::

    points_covered      the sequence again at each point, from the highest state of charge down
    change_within       the sequence twice, so that two occurrences can be compared
    soc, soc_within     charge is counted from a full charge; the plan begins with one where none is asked
    temperature         the chamber is set before the place, and the cell given time to follow

Hints of the clause, all under ``[clause.plan]``: ``repeat``, how often the sequence is run; ``begin``, one of
"full", "full_cycle" and "as_found"; ``temperature`` of that beginning; and below the name of a role what no
condition says of it: ``rate`` (It or A), ``power``, ``duration``, ``voltage``, ``capacity``, ``soc``,
``end_current``, ``temperature``, ``count``, ``at_limit``, ``way``, the table of a profile, the halves of a
cycle.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

from jeoul.errors import DefinitionError
from jeoul.plans import AdjustSoc, Plan, PlanStep, Rest, SetTemperature, Until
from jeoul.standards.asked import AskedStep, Clause, Condition, Standard
from jeoul.standards.declare import is_asked
from jeoul.standards.evaluation import Fact
from jeoul.standards.item import ItemData
from jeoul.standards.procedure_place import Place, Point, hints_of, wanted
from jeoul.standards.procedure_steps import PAUSE_SECOND, charge, discharge, rated, steps_of

ROOM_CELSIUS = 25.0
"""Where nothing says a temperature."""
SETTLE_SECOND = 4 * 3600.0
"""What a cell is given to reach a new temperature: the least soak of the DOE manuals (4 to 16 h)."""


@dataclass(frozen=True)
class _Stretch:
    """Steps at one temperature; None: at that of the steps before."""

    steps: tuple[PlanStep, ...]
    celsius: float | None
    place: Place | None = None


def plan_for(
    asked: Clause | Standard,
    item: ItemData,
    *,
    settle_second: float = SETTLE_SECOND,
    room_celsius: float = ROOM_CELSIUS,
) -> Plan:
    """The plan of a clause, or of all clauses of a standard that have one and are for this item.

    Clauses of a standard that ask for the same steps share one run of them.

    settle_second
        Rest for the cell to reach a new temperature, besides what the clause asks for [s].
    room_celsius
        The chamber where nothing says its temperature [degC].

    Raises `DefinitionError` for a number that neither a condition, nor a hint, nor the item says, and for a
    clause of which there is no plan (see `why_no_plan`).
    """
    clauses = (asked,) if isinstance(asked, Clause) else clauses_with_plan(asked, item)
    if not clauses:
        found = f"{asked.designation} has no clause with a plan for '{item.name}'."  # type: ignore[union-attr]
        raise DefinitionError(found, advice="See its clauses: jeoul standards show.")
    runs = [
        _stretches(Place(c, c.sequence[0], item, settle_second), room_celsius) for c in clauses if _runs(c)
    ]
    first, steps = _with_chamber(_once(runs), settle_second)
    name = f"{_title(asked)}, {item.name}"
    return Plan(name, item.numbers["rated_capacity_ah"], first, steps)


def clauses_with_plan(standard: Standard, item: ItemData) -> tuple[Clause, ...]:
    """The clauses of a standard that are for this item and that a cycler can run."""
    return tuple(c for c in standard.clauses if is_asked(c, item) and not why_no_plan(c))


def why_no_plan(clause: Clause) -> str:
    """Why a clause has no plan for a cycler; empty where it has one."""
    if not clause.sequence:
        return "it asks what people saw and what is declared, and runs no steps"
    if any(step.size == "record" for step in clause.sequence):
        return "it is of a record of a chamber or of sensors, which no cycler runs"
    return ""


def _title(asked: Clause | Standard) -> str:
    return f"clause {asked.clause}" if isinstance(asked, Clause) else asked.designation


def _once(runs: Sequence[tuple[_Stretch, ...]]) -> list[_Stretch]:
    """All runs in order, without one whose steps have been run before."""
    seen, kept = list[object](), list[_Stretch]()
    for run in runs:
        what = [(_written(stretch, moves=False), stretch.celsius) for stretch in run]
        if what not in seen:
            seen.append(what)
            kept += run
    return kept


def _written(stretch: _Stretch, *, moves: bool) -> tuple[PlanStep, ...]:
    return stretch.steps if stretch.place is None else steps_of(stretch.place, chamber_moves=moves)


# --- one clause --------------------------------------------------------------------------------------


def _runs(clause: Clause) -> bool:
    """True, or an error that says why the clause has no plan."""
    why = why_no_plan(clause)
    if why:
        raise DefinitionError(f"clause {clause.clause} has no plan: {why}.", advice="Choose another clause.")
    return True


def _stretches(model: Place, room_celsius: float) -> tuple[_Stretch, ...]:
    """The beginning, then the sequence at every point of its ladders; both again for a ladder begun anew.

    What begins at no asked temperature begins at room temperature: the clause, and each of its runs that
    fills the cell again.
    """
    clause = model.clause
    rated(model)
    hint = _hint_celsius(clause, model)
    room = room_celsius if hint is None else hint
    start = [replace(stretch, celsius=room) for stretch in _beginning(model)]
    found: list[_Stretch] = []
    last: float | None = None
    for points in _ladders(clause, model):
        run, soc = _sequence(replace(model, points=points)), _soc_of(points, model)
        anew = soc is not None and last is not None and soc >= last
        found += start if anew or not found else []
        fresh = _fills(clause) or not found
        found += [replace(run[0], celsius=room), *run[1:]] if fresh and run[0].celsius is None else run
        last = soc
    return tuple(found)


def _soc_of(points: Sequence[Point], model: Place) -> float | None:
    """The state of charge of a ladder at one of its runs [%]; None for a clause without such a ladder."""
    facts = [point.fact for point in points if point.quantity == "soc" and point.fact is not None]
    return model.value(facts[0], "points")[0] if facts else None


def _sequence(model: Place) -> list[_Stretch]:
    """The places in order, with a setting of the state of charge where one is asked that no place makes."""
    places = [replace(model, step=s, hints=hints_of(model.clause, s.role)) for s in model.clause.sequence]
    found, done = list[_Stretch](), set[float]()
    for n, place in enumerate(places):
        soc = _soc_to_set(places, n)
        if soc is not None and soc not in done:
            found.append(_Stretch((_adjust(place, soc),), None))
            done.add(soc)
        found.append(_Stretch((), _temperature_at(places, n), place))
    return found


def _temperature_at(places: Sequence[Place], n: int) -> float | None:
    """What is asked of a place; a rest of which nothing is asked is the soak of the place after it."""
    own = places[n].celsius()
    if own is not None or places[n].step.direction != "rest":
        return own
    return next((place.celsius() for place in places[n + 1 : n + 2]), None)


def _ladders(clause: Clause, model: Place) -> Iterator[tuple[Point, ...]]:
    """Every combination of points, temperatures outermost and each state of charge from the top down."""
    ladders = [_points(condition) for condition in wanted(clause) if condition.kind == "points_covered"]
    order = ("temperature", "rate", "soc")
    ladders.sort(key=lambda points: order.index(points[0].quantity))
    for points in product(*ladders):
        for _ in range(_repeats(clause, model)):
            yield points


def _points(condition: Condition) -> list[Point]:
    quantity = condition.word("quantity")
    facts = [*condition.points("points")]
    if quantity == "soc":
        facts.sort(key=lambda fact: -float(fact.value or 0.0))
    return [Point(condition.of, quantity, fact) for fact in facts]


def _repeats(clause: Clause, model: Place) -> int:
    hint = clause.plan.get("repeat")
    if isinstance(hint, Fact):
        return round(model.value(hint, "plan.repeat")[0])
    return 2 if any(condition.kind == "change_within" for condition in wanted(clause)) else 1


# --- counting charge ---------------------------------------------------------------------------------


def _counts_charge(clause: Clause) -> bool:
    """Whether anything of a clause is at a state of charge."""
    kinds = [(c.kind, c.word("quantity")) for c in wanted(clause)]
    by_points = any(kind == "points_covered" and quantity == "soc" for kind, quantity in kinds)
    hints = any("soc" in hints_of(clause, step.role) for step in clause.sequence)
    return by_points or hints or any(kind == "soc_within" for kind, _ in kinds)


def _beginning(model: Place) -> Iterator[_Stretch]:
    """A full cycle first where charge is counted and the sequence does not fill the cell itself."""
    clause = model.clause
    default = "full_cycle" if _counts_charge(clause) and not _fills(clause) else "as_found"
    word = str(clause.plan.get("begin", default))
    if word not in ("full", "full_cycle", "as_found"):
        model.fail(f"plan.begin is '{word}'.", 'Allowed: "full", "full_cycle", "as_found".', "plan.begin")
    pause = Rest(Until(duration_second=PAUSE_SECOND), "pause")
    if word == "full_cycle":
        yield _Stretch((discharge(_extra(model, "begin_discharge", "discharge")), pause), None)
    if word in ("full", "full_cycle"):
        yield _Stretch((charge(_extra(model, "begin_charge", "charge")), pause), None)


def _extra(model: Place, role: str, way: str) -> Place:
    """A whole step that the clause does not list; discharged at the clause's own rate, else as charged."""
    step = AskedStep(role, way, measured=False, needed=False)
    hints: dict[str, object] = dict(hints_of(model.clause, role))
    if way == "discharge" and not {"rate", "power"} & set(hints):
        hints["rate"] = _discharge_rate(model)
    return replace(model, step=step, hints=hints)


def _discharge_rate(model: Place) -> Fact:
    """The rate of the first discharge of the clause that is no pulse; else the declared charge current."""
    for step in model.clause.sequence:
        place = replace(model, step=step, hints=hints_of(model.clause, step.role))
        condition = place.condition("rate_within")
        if step.direction == "discharge" and step.size in ("whole", "part") and condition is not None:
            # Asked here, so that one that is missing is named by the place at which a profile confirms it.
            model.value(condition.numbers["rate"], f"{condition.name}.rate")
            return condition.numbers["rate"]
    ampere = model.declared("charge_current_ampere", "the cell is discharged at it before the test")
    return Fact(ampere, "A", "declared", "charge current of the item")


def _fills(clause: Clause) -> bool:
    """Whether the sequence has a whole charge before anything is at a state of charge."""
    return any(step.direction == "charge" and step.size == "whole" for step in clause.sequence)


def _hint_celsius(clause: Clause, model: Place) -> float | None:
    hint = clause.plan.get("temperature")
    return model.value(hint, "plan.temperature")[0] if isinstance(hint, Fact) else None


def _soc_to_set(places: Sequence[Place], n: int) -> float | None:
    """The state of charge to set before a place, where it is asked and no place of the sequence makes it.

    It is set before the place that begins at it; where that one follows a rest, before the rest.
    """
    rests = places[n].step.direction == "rest"
    after_rest = n > 0 and places[n - 1].step.direction == "rest"
    own = None if after_rest and not rests else _unset_soc(places, n)
    return own if own is not None or not rests or n + 1 == len(places) else _unset_soc(places, n + 1)


def _unset_soc(places: Sequence[Place], n: int) -> float | None:
    """What a place is to begin at, unless it is full or a partial charge or discharge before it sets it."""
    soc = places[n].soc()
    sets = any(place.step.size == "part" and place.step.direction != "rest" for place in places[:n])
    return None if soc is None or soc >= 1.0 or sets else soc


def _adjust(place: Place, soc: float) -> AdjustSoc:
    drive = _extra(place, "set_soc", "discharge").drive()
    assert drive is not None
    return AdjustSoc(soc, drive, "rated", label="set_soc")


# --- the chamber -------------------------------------------------------------------------------------


def _with_chamber(stretches: Sequence[_Stretch], settle_second: float) -> tuple[float, tuple[PlanStep, ...]]:
    """The temperature at the start, and all steps with the settings of the chamber between them.

    A rest takes up the time that the cell needs to follow; before another step one is put in.
    """
    start = stretches[0].celsius
    assert start is not None
    now, steps = start, list[PlanStep]()
    for stretch in stretches:
        moves = stretch.celsius is not None and stretch.celsius != now
        now = stretch.celsius if stretch.celsius is not None else now
        rests = stretch.place is not None and stretch.place.step.direction == "rest"
        steps += [SetTemperature(now)] if moves else []
        steps += [Rest(Until(duration_second=settle_second), "settle")] if moves and not rests else []
        steps += _written(stretch, moves=moves)
    return start, tuple(steps)
