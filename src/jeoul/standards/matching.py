"""Which measured steps are taken for a clause, and why.

A clause runs its steps in an order: for IEC 62660-1 reference discharge, charge, rest, discharge. One place
is measured; every step that may stand there is a candidate: for size ``whole`` those that moved at least half
of the rated capacity (where none is declared: of the largest such step of the file), for the other sizes see
`jeoul.standards.blocks`. From each candidate the file is walked back to the places before it and on to the
places after it.

An interrupted step (paused and resumed: the same step of the programme on both sides of a rest or a gap) is
one candidate; its charge is the sum, and the interruption is said.

Choice, each rule only where more than one candidate is left:

1. a variant of the clause does not take what is nearer to another of its variants;
2. a candidate with every ``needed`` role before one without;
3. a candidate with fewer misfits: a role that is not found, a number of the step table outside its tolerance
   (a rate counts up to 2), so that a step which was run wrong is still found where the procedure has it, and
   not another in its stead;
4. the rate nearest to the asked rate; rates within the tolerance are equally near;
5. a candidate with more of the roles found.

With ``takes = "one"`` candidates that are then still equal are *ambiguous*: none is guessed, each is
evaluated by itself, and the text says that there are others. ``last`` takes the last of them. ``each`` takes
every candidate that fits about as many places as the best, unless a better one has it in another place.
Several files are several tests: each is searched by itself, and no block reaches from one file into another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from jeoul.standards.asked import AskedStep, Clause, Condition
from jeoul.standards.blocks import Block, block_after, block_before, fits
from jeoul.standards.evaluation import Fact
from jeoul.standards.item import ItemData
from jeoul.standards.ledger import WHOLE, WHOLE_MODES, Ledger, ledger_of
from jeoul.standards.matched import Match, Role, explained, role_name
from jeoul.standards.tables import LANGUAGES
from jeoul.standards.wording import Said, join, say
from jeoul.steps import Steps, find_cycles

MOST_TAKEN = {"one": 20, "each": 100, "last": 1}
"""Candidates that are evaluated each by itself: more equal ones say only that the clause fits anything; more
occurrences than the longest ladder has, that the file is of something else, such as a life test."""
MARGIN = 1e-9
"""Relative slack of comparisons, for the rounding of floating point arithmetic alone."""


@dataclass(frozen=True)
class Candidate:
    """Blocks that may be the steps of a clause; of those that are chosen a `Match` is made.

    blocks: by role, the measured one first. rate: of the measured block [1/h], where the capacity is known.
    """

    ledger: Ledger
    blocks: Mapping[str, Block]
    measured: str
    rated: float | None

    @property
    def block(self) -> Block:
        """The measured block."""
        return self.blocks[self.measured]

    def current(self, role: str) -> float:
        """Size of the mean current of a role, of the step that moved most [A]."""
        block = self.blocks[role]
        return self.ledger.current[self.ledger.main(block.start, block.stop)]

    @property
    def rate(self) -> float | None:
        """Mean current of the measured block over the rated capacity [1/h]."""
        return self.current(self.measured) / self.rated if self.rated else None

    def is_found(self, role: str) -> bool:
        """Whether there are steps in a place."""
        return self.blocks[role].why == "found"

    def soc(self, role: str) -> float | None:
        """State of charge at the start: 100 % - 100 % Q / C, Q counted since the last full charge."""
        taken_out = self.ledger.since_full[self.blocks[role].start]
        return 100.0 * (1.0 - taken_out / self.rated) if self.rated and taken_out == taken_out else None


@dataclass(frozen=True)
class Chosen:
    """The matches of a clause in one file, or why there is none although there are candidates."""

    matches: tuple[Match, ...]
    refused: Said | None = None


def match_clause(
    clause: Clause, steps: Steps, item: ItemData, siblings: Sequence[Clause] = ()
) -> tuple[Match, ...]:
    """The measured steps of one file that are taken for a clause: none, one, or several."""
    return choose_matches(clause, steps, item, siblings).matches


def choose_matches(clause: Clause, steps: Steps, item: ItemData, siblings: Sequence[Clause] = ()) -> Chosen:
    """The same, and what is to be said where so many are equally good that none is taken.

    `siblings` are the other variants of the clause, which take what is nearer to them.
    """
    ledger = ledger_of(steps, item.numbers.get("end_of_charge_voltage_volt"))
    rated = item.numbers.get("rated_capacity_ah")
    if not len(ledger) or not clause.sequence:
        return Chosen(())
    blocks = _candidates(clause.measured, ledger, rated)
    candidates = [_walked(clause, ledger, block, rated) for block in blocks]
    nearer = [(_compared(clause, other), _is_first(other, clause)) for other in siblings]
    own = [c for c in candidates if not any(_is_nearer(c, *pair, tie) for pair, tie in nearer)]
    chosen, why = _choose(own, clause)
    if len(chosen) > MOST_TAKEN[clause.takes]:
        return Chosen((), _too_many(chosen, why, clause))
    matches = [_match(clause, candidate) for candidate in chosen]
    return Chosen(tuple(explained(match, matches, len(own), why, clause) for match in matches))


def asked_rate(clause: Clause) -> Condition | None:
    """The rate condition of the measured step, if the clause has one."""
    role = clause.measured.role
    return next((c for c in clause.conditions if c.kind == "rate_within" and c.of == role), None)


# --- candidates -------------------------------------------------------------------------------------


def _candidates(asked: AskedStep, ledger: Ledger, rated: float | None) -> list[Block]:
    """The blocks that may stand in the measured place."""
    if asked.size == "record":
        return [Block(0, len(ledger))]
    if asked.size == "cycles":
        return _cycles(ledger)
    if asked.direction == "rest":
        return _runs(ledger, lambda place: ledger.direction[place] == "rest")
    if asked.size == "profile":
        return _runs(
            ledger, lambda place: ledger.mode[place] in ("profile", "pulse") or ledger.is_pulse(place)
        )
    if asked.size == "pulse":
        return [Block(place, place + 1) for place in range(len(ledger)) if fits(ledger, place, asked)]
    pieces = _pieces(asked, ledger)
    if asked.size == "part":
        return pieces
    largest = max((_moved(ledger, block) for block in pieces), default=0.0)
    enough = WHOLE * (rated or largest)
    return [block for block in pieces if _moved(ledger, block) >= enough]


def _runs(ledger: Ledger, belongs: Callable[[int], bool]) -> list[Block]:
    """Every longest run of steps that belong, without a gap of the file in it."""
    runs: list[Block] = []
    for place in range(len(ledger)):
        if not belongs(place):
            continue
        last = runs[-1] if runs else None
        goes_on = last is not None and last.stop == place
        if goes_on and last is not None and ledger.shown_from[place] == ledger.shown_from[place - 1]:
            runs[-1] = replace(last, stop=place + 1)
        else:
            runs.append(Block(place, place + 1))
    return runs


def _cycles(ledger: Ledger) -> list[Block]:
    """Every longest run of complete cycles of charge and discharge."""
    table = find_cycles(ledger.steps).table.filter("complete").select("step_first", "step_last")
    runs: list[Block] = []
    for first, last in table.iter_rows():
        if runs and runs[-1].stop == first:
            runs[-1] = replace(runs[-1], stop=last + 1)
        else:
            runs.append(Block(first, last + 1))
    return runs


def _pieces(asked: AskedStep, ledger: Ledger) -> list[Block]:
    """Charges or discharges, each with what belongs to it: a constant voltage after it, a resumption."""
    blocks: list[Block] = []
    for place in range(len(ledger)):
        if not fits(ledger, place, asked) or ledger.mode[place] not in WHOLE_MODES:
            continue
        if blocks and _is_continued(ledger, blocks[-1], place):
            blocks[-1] = replace(blocks[-1], stop=place + 1)
        else:
            blocks.append(Block(place, place + 1))
    return blocks


def _is_continued(ledger: Ledger, block: Block, place: int) -> bool:
    """Whether a step is the same charge or discharge as a block: directly after it, or resumed."""
    last, between = block.stop - 1, range(block.stop, place)
    same_way = ledger.direction[last] == ledger.direction[place]
    if not same_way or ledger.shown_from[last] != ledger.shown_from[place]:
        return False
    same_step = ledger.step_id[last] is not None and ledger.step_id[last] == ledger.step_id[place]
    if not between:
        return same_step or ledger.direction[place] == "charge" or ledger.mode[place] == "cv"
    if not same_step or any(ledger.direction[b] != "rest" for b in between):
        return False
    # A programme rests in a step of its own; a pause has the number of the paused step, or none, or is one.
    pause = all(ledger.step_id[b] in (None, ledger.step_id[place]) for b in between)
    return pause or (block.stop - block.start == 1 and len(between) == 1 and _is_rare(ledger, between[0]))


def _is_rare(ledger: Ledger, place: int) -> bool:
    return list(ledger.step_id).count(ledger.step_id[place]) == 1


def _moved(ledger: Ledger, block: Block) -> float:
    return sum(ledger.moved[block.start : block.stop])


# --- walking ----------------------------------------------------------------------------------------


def _walked(clause: Clause, ledger: Ledger, block: Block, rated: float | None) -> Candidate:
    """A candidate with the blocks of every place before and after it."""
    anchor, sequence = clause.anchor, clause.sequence
    blocks = {sequence[anchor].role: block}
    edge = block.start
    for n in reversed(range(anchor)):
        found = block_before(ledger, edge, sequence[n], sequence[:n][::-1])
        found = _further_back(clause, ledger, edge, sequence[n], found)
        blocks[sequence[n].role] = found
        edge = found.start if found.why == "found" else edge
    edge = block.stop
    for n in range(anchor + 1, len(sequence)):
        found = block_after(ledger, edge, sequence[n], sequence[n + 1 :])
        blocks[sequence[n].role] = found
        edge = found.stop if found.why == "found" else edge
    return Candidate(ledger, blocks, sequence[anchor].role, rated)


def _further_back(clause: Clause, ledger: Ledger, edge: int, asked: AskedStep, found: Block) -> Block:
    """In a ladder what happens once, before its first point, lies before all of them."""
    once = clause.takes == "each" and asked.size == "whole" and asked.direction in ("charge", "discharge")
    if not once or found.instead is None or not _is_of_ladder(clause, ledger, found.instead):
        return found
    for place in range(edge - 1, ledger.shown_from[edge] - 1, -1):
        if fits(ledger, place, asked) and ledger.moved[place] >= WHOLE * ledger.largest[asked.direction]:
            return block_before(ledger, place + 1, asked, ())
    return Block(edge, edge, "file_starts")


def _is_of_ladder(clause: Clause, ledger: Ledger, place: int) -> bool:
    """Whether a step stands in a place of the ladder itself."""
    return any(asked.size != "whole" and fits(ledger, place, asked) for asked in clause.sequence)


def _role(name: str, ledger: Ledger, block: Block) -> Role:
    steps = ledger.steps
    return Role(
        name=name,
        steps=steps[block.start : block.stop],
        stop=block.why,
        instead=None if block.instead is None else steps[block.instead],
        opens_file=block.why == "found" and block.start == ledger.shown_from[block.start],
        closes_file=block.why == "found" and block.stop == ledger.end_of_run(block.stop - 1),
        place=block.start if block.why == "found" else -1,
        main_place=ledger.main(block.start, block.stop) if block.why == "found" else -1,
        passed=tuple(int(steps.table["step_count"][place]) for place in block.passed),
    )


def _match(clause: Clause, candidate: Candidate) -> Match:
    ledger, measured = candidate.ledger, candidate.measured
    roles = {name: _role(name, ledger, block) for name, block in candidate.blocks.items()}
    starts = {name: candidate.soc(name) for name in roles if candidate.is_found(name)}
    step = roles[measured].main
    return Match(ledger.steps, step, roles, candidate.rate, {}, measured, starts.get(measured), starts)


# --- choice -----------------------------------------------------------------------------------------


def _choose(candidates: Sequence[Candidate], clause: Clause) -> tuple[list[Candidate], list[Said]]:
    """The best candidates, and one sentence for each rule that left some of them out."""
    if clause.takes == "each":
        return _every(candidates, clause)
    left, why = list(candidates), list[Said]()
    for distance, said in _rules(clause):
        distances = [distance(candidate) for candidate in left]
        best = min(distances, default=0.0)
        near = [far <= best + MARGIN for far in distances]
        better = [candidate for candidate, is_near in zip(left, near, strict=True) if is_near]
        dropped = [candidate for candidate, is_near in zip(left, near, strict=True) if not is_near]
        why += [_why_preferred(clause, better, dropped, said)] if dropped else []
        left = better
    if clause.takes == "last" and len(left) > 1:
        return left[-1:], [*why, say("chosen_by_last", count=len(left))]
    return left, why


def _why_preferred(
    clause: Clause, better: Sequence[Candidate], dropped: Sequence[Candidate], said: Said
) -> Said:
    """The one thing in which all that were dropped are worse, where there is one; else what the rule says."""
    by = ((_distance, _rate_words(clause)), (_roles_missing, say("chosen_by_order")))
    if said == say("chosen_by_fit"):
        for reading, words in by:
            if min(reading(clause, c) for c in dropped) > max(reading(clause, c) for c in better) + MARGIN:
                return words
    return said


def _every(candidates: Sequence[Candidate], clause: Clause) -> tuple[list[Candidate], list[Said]]:
    """Every occurrence: about as complete as the best, at least by half, and in no place of a better one."""
    missing = [(_roles_missing(clause, candidate), candidate) for candidate in candidates]
    best = min((lack for lack, _ in missing), default=0.0)
    # One missing step may take the rests beside it with it: two that meet are one.
    most = min(best + max(1, len(clause.sequence) // 3), len(clause.sequence) / 2)
    taken: list[Candidate] = []
    occupied: set[int] = set()
    for lack, candidate in sorted(missing, key=lambda entry: entry[0]):
        if lack <= most and candidate.block.start not in occupied:
            taken.append(candidate)
            occupied.update(_other_places(candidate))
    why = [say("chosen_each", count=len(taken))] if len(taken) < len(candidates) else []
    return sorted(taken, key=lambda candidate: candidate.block.start), why


def _other_places(candidate: Candidate) -> Iterator[int]:
    """Every step that a candidate has in a place that is not measured."""
    for name, block in candidate.blocks.items():
        if name != candidate.measured and block.why == "found":
            yield from range(block.start, block.stop)


def _too_many(chosen: Sequence[Candidate], why: Sequence[Said], clause: Clause) -> Said:
    key = "too_many" if clause.takes == "one" else "too_many_occurrences"
    counts = chosen[0].ledger.steps.table["step_count"]
    first = ", ".join(str(counts[candidate.block.start]) for candidate in chosen[:4])
    return join([*why, say(key, count=len(chosen), first=first)])


def _rules(clause: Clause) -> tuple[tuple[Callable[[Candidate], float], Said], ...]:
    """The rules of choice in order: how far a candidate is from what is asked, and what to say of it."""
    return (
        (partial(_needed_missing, clause), say("chosen_by_needed", needed=_needed(clause))),
        (partial(_misfits, clause), say("chosen_by_fit")),
        (partial(_distance, clause), _rate_words(clause)),
        (partial(_roles_missing, clause), say("chosen_by_order")),
    )


def _needed(clause: Clause) -> Said:
    names = [role_name(asked.role) for asked in clause.sequence if asked.needed]
    return {language: ", ".join(name[language] for name in names) for language in LANGUAGES}


def _needed_missing(clause: Clause, candidate: Candidate) -> float:
    return float(sum(s.needed and not candidate.is_found(s.role) for s in clause.sequence))


def _roles_missing(clause: Clause, candidate: Candidate) -> float:
    return float(sum(not candidate.is_found(asked.role) for asked in clause.sequence))


_SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
FARTHEST = 2.0
"""What a rate that is far off counts at most; any other misfit counts 1."""


def _misfits(clause: Clause, candidate: Candidate) -> float:
    """How much of what is asked a candidate does not fit, as far as the step table tells."""
    distance = _distance(clause, candidate)
    rate = min(max(distance, 1.0), FARTHEST) if distance else 0.0
    others = [condition for condition in clause.conditions if condition is not asked_rate(clause)]
    return rate + _roles_missing(clause, candidate) + sum(_is_off(c, candidate) for c in others)


def _is_off(condition: Condition, candidate: Candidate) -> bool:
    """Whether what the step table holds of a condition is not as asked; what it does not hold is not off."""
    if condition.of not in candidate.blocks or not candidate.is_found(condition.of):
        return False
    if condition.kind == "step_match":
        block, ledger = candidate.blocks[condition.of], candidate.ledger
        return ledger.mode[ledger.main(block.start, block.stop)] not in condition.words["modes"]
    if condition.kind in ("rest_at_least", "dwell", "signal_dwell"):
        return _is_short(condition, candidate)
    if condition.kind not in ("rate_within", "temperature_within", "duration_within", "soc_within"):
        return False
    key, _, reading = _READINGS[condition.kind]
    asked, found = condition.numbers[key].value, reading(condition, candidate)
    if found is None or not isinstance(asked, float):
        return False
    return abs(found - asked) > _tolerance(condition, key, asked) + MARGIN * abs(asked)


def _is_short(condition: Condition, candidate: Candidate) -> bool:
    """Whether a block is shorter than it is asked to last."""
    asked, found = condition.numbers["duration"].value, _duration_of(condition, candidate)
    if not isinstance(asked, float):
        return False
    return found < asked * (1 - _width(condition, "time_tolerance") / 100) * (1 - MARGIN)


def _tolerance(condition: Condition, key: str, asked: float) -> float:
    """The tolerance in the unit of the number that it is of."""
    width, unit = _width(condition, "tolerance"), condition.numbers["tolerance"].unit
    if unit in _SECONDS:
        return width * _SECONDS[unit] / _SECONDS[condition.numbers[key].unit]
    return width * asked / 100 if unit == "%" and condition.kind != "soc_within" else width


def _width(condition: Condition, key: str) -> float:
    fact = condition.numbers.get(key)
    return fact.value if fact is not None and isinstance(fact.value, float) else 0.0


def _distance(clause: Clause, candidate: Candidate) -> float:
    """Relative distance from the asked rate; zero within the tolerance or where it is not known."""
    asked = asked_rate(clause)
    found = None if asked is None else _rate_of(asked, candidate)
    if asked is None or found is None:
        return 0.0
    rate, tolerance = asked.numbers["rate"].value, asked.numbers["tolerance"].value
    if not isinstance(rate, float) or not rate or not isinstance(tolerance, float):
        return 0.0
    distance = abs(found - rate) / rate
    return 0.0 if distance <= tolerance / 100 + MARGIN else distance


def _rate_words(clause: Clause) -> Said:
    asked = asked_rate(clause)
    fact = asked.numbers["rate"] if asked else Fact(0.0, "It", "", "")
    value = fact.value if isinstance(fact.value, float) else 0.0
    return say("chosen_by_rate" if fact.unit == "It" else "chosen_by_current", rate=value)


# --- variants ---------------------------------------------------------------------------------------


Pair = tuple[list[Condition], list[Condition]]


def _compared(clause: Clause, other: Clause) -> Pair:
    """The conditions in whose numbers two variants differ: of this one, and of the other."""
    own, theirs = _readable(clause), _readable(other)
    differ = [name for name, c in own.items() if name in theirs and _differ(c, theirs[name])]
    return [own[name] for name in differ], [theirs[name] for name in differ]


def _differ(own: Condition, theirs: Condition) -> bool:
    """Whether both know the number that is compared, and it is another; a missing one is no nearer."""
    key = _READINGS[own.kind][0]
    mine, other = own.numbers[key], theirs.numbers[key]
    known = isinstance(mine.value, float) and isinstance(other.value, float)
    return known and (mine.value, mine.unit) != (other.value, other.unit)


def _is_first(clause: Clause, variant: Clause) -> bool:
    """Whether a clause is the one that another is a variant of."""
    return clause.clause == (variant.base or variant.clause) != variant.clause


def _is_nearer(
    candidate: Candidate, own: Sequence[Condition], theirs: Sequence[Condition], first: bool
) -> bool:
    """Whether another variant is nearer to how a candidate was run; distances as sums of shares.

    Where they differ only in what the file does not show (no temperature), it goes to the `first`: the clause
    itself.
    """
    distances = [sum(_share_off(one, candidate) for one in conditions) for conditions in (theirs, own)]
    unseen = bool(own) and not any(_is_seen(one, candidate) for one in own)
    return (first and unseen) or distances[0] < distances[1] - 1e-6


def _is_seen(condition: Condition, candidate: Candidate) -> bool:
    """Whether the file shows the quantity of a condition in the steps that it speaks of."""
    if condition.of not in candidate.blocks or not candidate.is_found(condition.of):
        return False
    return _READINGS[condition.kind][2](condition, candidate) is not None


def _readable(clause: Clause) -> dict[str, Condition]:
    """The conditions whose numbers can be compared with the step table, by name."""
    conditions = (part for condition in clause.conditions for part in condition.whole())
    return {condition.name: condition for condition in conditions if _is_readable(condition)}


def _is_readable(condition: Condition) -> bool:
    """Of signals only a band of temperature is in the step table."""
    band = {condition.numbers[key].unit for key in ("low", "high") if key in condition.numbers}
    is_band = {"low", "high"} <= set(condition.numbers) and band == {"degC"}
    return condition.kind in _READINGS and (condition.kind != "signal_dwell" or is_band)


def _share_off(condition: Condition, candidate: Candidate) -> float:
    if condition.of not in candidate.blocks or not candidate.is_found(condition.of):
        return 0.0
    key, scale, reading = _READINGS[condition.kind]
    asked, found = condition.numbers[key].value, reading(condition, candidate)
    if found is None or not isinstance(asked, float):
        return 0.0
    return min(abs(found - asked) / (scale or abs(asked) or 1.0), 1.0)


def _rate_of(condition: Condition, candidate: Candidate) -> float | None:
    """In the unit that is asked: A, or multiples of the rated capacity."""
    current = candidate.current(condition.of)
    if condition.numbers["rate"].unit == "A":
        return current
    return current / candidate.rated if candidate.rated else None


def _temperature_of(condition: Condition, candidate: Candidate) -> float | None:
    """Of the chamber where that was recorded: a cell that was not soaked is still on its way."""
    block, ledger = candidate.blocks[condition.of], candidate.ledger
    dwells = condition.kind == "dwell"
    if ledger.chamber is not None:
        found = ledger.chamber[block.stop - 1][1] if dwells else ledger.chamber[block.start][0]
        if found is not None:
            return found
    return ledger.temperature_last[block.stop - 1] if dwells else ledger.temperature[block.start]


def _dwelt_at(condition: Condition, candidate: Candidate) -> float | None:
    """The lower end of a band as wide as the asked one about the mean temperature of the longest step."""
    block, ledger = candidate.blocks[condition.of], candidate.ledger
    longest = max(range(block.start, block.stop), key=lambda place: ledger.duration[place])
    mean, (low, high) = ledger.temperature_mean[longest], (condition.numbers[key] for key in ("low", "high"))
    return None if mean is None else mean - (float(high.value) - float(low.value)) / 2.0


def _duration_of(condition: Condition, candidate: Candidate) -> float:
    block, ledger = candidate.blocks[condition.of], candidate.ledger
    second = ledger.end[block.stop - 1] - ledger.start[block.start]
    return second / _SECONDS[condition.numbers["duration"].unit]


def _soc_of(condition: Condition, candidate: Candidate) -> float | None:
    return candidate.soc(condition.of)


Reading = Callable[[Condition, Candidate], float | None]

# Kind of condition -> its number, the scale that counts as far off (None: the number itself), what was found.
_READINGS: dict[str, tuple[str, float | None, Reading]] = {
    "rate_within": ("rate", None, _rate_of),
    "temperature_within": ("target", 50.0, _temperature_of),
    "dwell": ("target", 50.0, _temperature_of),
    "duration_within": ("duration", None, _duration_of),
    "rest_at_least": ("duration", None, _duration_of),
    "signal_dwell": ("low", 50.0, _dwelt_at),
    "soc_within": ("soc", 100.0, _soc_of),
}
