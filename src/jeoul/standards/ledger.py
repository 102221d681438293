"""What the step table says of every step, as plain lists: what it is, and the charge before it.

Everything that matching asks is answered here from the step table; of the rows only the temperature of the
chamber is read, where variants of a clause differ in it.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from jeoul.metrics.state_of_charge import full_charge_positions
from jeoul.steps import Steps

WHOLE_MODES = ("cc", "cv", "cccv", "cp", "unknown")
LONGEST_PULSE = 180.0
"""Longest step that may be a pulse [s]: the second part of the pulse of ISO 12405-4 (HE) lasts 102 s."""
SMALL = 0.02
"""Share of the largest charge or discharge below which an extra step does not part two blocks."""
END_SHARE = 0.005
"""A step ended at a voltage if its voltage is within this share of the declared one."""
AMBIENT = "ambient_temperature_celsius"
WHOLE = 0.5
"""Share of the rated capacity (else of the largest step) from which a step is a whole charge or discharge."""


@dataclass(frozen=True, eq=False)
class Ledger:
    """Columns of the step table as lists, and the charge counted since the last full charge.

    moved
        Charge of the step in its direction [Ah].
    since_full
        Net charge taken out since the last full charge, at the start of the step [Ah]; NaN before the first.
    current
        Size of the mean current [A].
    temperature, temperature_last, temperature_mean
        At the first row, at the last and over the step [degC]; None where there is none.
    shown_from
        First step of the part of the file that runs on without a gap up to this step.
    """

    steps: Steps
    direction: Sequence[str]
    mode: Sequence[str]
    step_id: Sequence[int | None]
    moved: Sequence[float]
    duration: Sequence[float]
    since_full: Sequence[float]
    shown_from: Sequence[int]
    current: Sequence[float]
    temperature: Sequence[float | None]
    temperature_last: Sequence[float | None]
    temperature_mean: Sequence[float | None]
    start: Sequence[float]
    end: Sequence[float]

    def __len__(self) -> int:
        return len(self.direction)

    @cached_property
    def largest(self) -> Mapping[str, float]:
        """The largest charge of one step, by direction [Ah]."""
        found = {"charge": 0.0, "discharge": 0.0}
        for way, mode, moved in zip(self.direction, self.mode, self.moved, strict=True):
            if way in found and mode in WHOLE_MODES:
                found[way] = max(found[way], moved)
        return found

    @cached_property
    def chamber(self) -> Sequence[tuple[float | None, float | None]] | None:
        """The ambient temperature at the first and the last row of every step; None where it is not recorded.

        The only rows of the file that matching reads, and only for clauses with variants of temperature.
        """
        measurement = self.steps.measurement
        if not measurement.has(AMBIENT):
            return None
        # Where the sensor was lost, the chamber is taken to be where it was last seen.
        read = measurement.select([AMBIENT])[AMBIENT].fill_nan(None).forward_fill()
        ends = [self.steps.table[key].to_numpy() - 1 for key in ("row_first", "row_last")]
        first, last = (read.gather(places).to_list() for places in ends)
        return list(zip(first, last, strict=True))

    def is_pulse(self, place: int) -> bool:
        """Whether a step is a short charge or discharge, and not a short piece of a long one."""
        moving = self.direction[place] in ("charge", "discharge")
        lasted, whole = self.duration[place], self.whole_second[place]
        if whole > lasted:
            return moving and whole <= LONGEST_PULSE
        return moving and (self.mode[place] == "pulse" or lasted <= LONGEST_PULSE)

    @cached_property
    def whole_second(self) -> Sequence[float]:
        """Of every step its duration with that of its other pieces, where the end of a file cut it [s]."""
        first = [0] * len(self)
        for place in range(1, len(self)):
            first[place] = first[place - 1] if self._is_piece(place) else place
        total: dict[int, float] = {}
        for place, second in enumerate(self.duration):
            total[first[place]] = total.get(first[place], 0.0) + second
        return [total[first[place]] for place in range(len(self))]

    def _is_piece(self, place: int) -> bool:
        """Whether a step goes on where the one before it ended, in the same step of the programme."""
        before = place - 1
        same = self.step_id[place] is not None and self.step_id[place] == self.step_id[before]
        return same and self.direction[place] == self.direction[before] != "rest"

    def main(self, start: int, stop: int) -> int:
        """The step of a block that moved most, the last of equal ones; of a rest, its last step."""
        return max(range(start, stop), key=lambda place: (self.moved[place], place))

    def end_of_run(self, place: int) -> int:
        """Past-the-last step of the part of the file that runs on without a gap from this step."""
        return bisect_right(self.shown_from, self.shown_from[place])


@lru_cache(maxsize=8)
def ledger_of(steps: Steps, full_volt: float | None = None) -> Ledger:
    """The ledger of one test; kept for the clauses that follow.

    full_volt
        The declared end-of-charge voltage [V]: a charge that stopped before it has filled nothing. None: the
        highest voltage of the file is taken for it.
    """
    table = steps.table
    charge, discharge = (
        table[f"{way}_capacity_ah"].fill_null(0.0).to_list() for way in ("charge", "discharge")
    )
    direction = table["direction"].to_list()
    moved = [_moved(*step) for step in zip(direction, charge, discharge, strict=True)]
    return Ledger(
        steps=steps,
        direction=direction,
        mode=table["mode"].to_list(),
        step_id=table["step_id"].to_list(),
        moved=moved,
        duration=[d if d is not None else math.nan for d in table["duration_second"].to_list()],
        since_full=_since_full(steps, charge, discharge, full_volt),
        shown_from=_shown_from(steps),
        current=[math.nan if x is None else abs(x) for x in table["current_mean_ampere"].to_list()],
        temperature=table["temperature_first_celsius"].to_list(),
        temperature_last=table["temperature_last_celsius"].to_list(),
        temperature_mean=table["temperature_mean_celsius"].to_list(),
        start=table["time_start_second"].to_list(),
        end=table["time_end_second"].to_list(),
    )


def _moved(direction: str, charge: float, discharge: float) -> float:
    if direction == "rest":
        return 0.0
    return {"charge": charge, "discharge": discharge}.get(direction, max(charge, discharge))


def _since_full(
    steps: Steps, charge: Sequence[float], discharge: Sequence[float], full_volt: float | None
) -> list[float]:
    """Charge taken out since the last full charge, at the start of every step; NaN before the first."""
    highest, least = steps.table["voltage_max_volt"].to_list(), (full_volt or 0.0) * (1.0 - END_SHARE)
    full = {place for place in full_charge_positions(steps) if highest[place] >= least}
    net, since = math.nan, list[float]()
    for place, (put_in, taken_out) in enumerate(zip(charge, discharge, strict=True)):
        since.append(net)
        net = 0.0 if place in full else net + taken_out - put_in
    return since


def _shown_from(steps: Steps) -> list[int]:
    """The first step from which the rows run on without a gap: a part of a file may have been given."""
    table, start, found = steps.table, 0, list[int]()
    before = None
    for place, (first, last) in enumerate(table.select("row_first", "row_last").iter_rows()):
        start = place if before is not None and first != before + 1 else start
        found.append(start)
        before = last
    return found
