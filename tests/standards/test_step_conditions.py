"""Conditions on steps: each kept, each broken alone, each not answered where something is missing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from jeoul import find_steps, read
from jeoul.standards import ClauseResult, ConditionResult, Conformity, judge
from jeoul.standards.stops import RECORDED

HEAD = """
id = "own"
designation = "Own:2026"
item_kinds = ["cell"]
title = { en = "Own", ko = "자체" }
edition = { number = { value = "1", status = "verified", source = "this test" } }
[source.own]
status = "verified"
text = "written for this test"
"""
TITLE = 'title = { en = "It", ko = "그것" }'
CYCLE = """
sequence = [
  { role = "before", direction = "discharge" },
  { role = "charge", direction = "charge", needed = true },
  { role = "rest", direction = "rest" },
  { role = "discharge", direction = "discharge", measured = true },
  { role = "after", direction = "rest" },
]
"""


@pytest.fixture
def asked(write: Any, run: Any, cell: dict[str, Any]) -> Any:
    """`asked(condition, parts)`: the answer to one condition of a charge and a discharge with rests."""

    def of(
        text: str, parts: Any = None, sequence: str = CYCLE, item: Any = None, more: str = ""
    ) -> ConditionResult:
        text = f'{HEAD}[condition.it]\n{TITLE}\n{text}\n{more}[[clause]]\nnumber = "1"\n{TITLE}\n'
        path = write("own.toml", text + 'conditions = ["it"]\n' + sequence)
        steps = run(parts) if parts is not None else run()
        (clause,) = judge(steps, standard=path, item={**cell, **(item or {})}).clauses
        return clause.conditions[0]

    return of


@pytest.fixture
def cycle(part: Any) -> tuple[Any, ...]:
    """2 Ah out, in by 1 A and a taper that ends at 0.1 A, out in 3 h; rests of 10 min, 1 h and 10 min."""
    return (
        part("before", -2 / 3, 10800.0, 3.4, 2.0),
        part("pause", 0.0, 600.0, 2.5, 2.8),
        part("charge", 1.0, 6300.0, 3.0, 3.65),
        part("taper", 0.1, 9000.0, 3.65, 3.65),
        part("rest", 0.0, 3600.0, 3.5, 3.4, interval=60.0),
        part("discharge", -2 / 3, 10800.0, 3.4, 2.0),
        part("after", 0.0, 600.0, 2.5, 2.8),
    )


def of(name: str, parts: tuple[Any, ...], **values: Any) -> tuple[Any, ...]:
    return tuple(replace(p, **values) if p.name == name else p for p in parts)


NUMBER = 'from = "own" }'
CASES = [
    # condition, what is changed in the test, the answer, a word of the reason
    ('kind = "duration_within"\nof = "discharge"\nduration = { value = 3, unit = "h", ' + NUMBER
     + '\ntolerance = { value = 1, unit = "min", ' + NUMBER, "discharge", {"duration": 10680.0}, "2.967 h"),
    ('kind = "power_within"\nof = "discharge"\npower = { value = 1.8, unit = "W", ' + NUMBER
     + '\ntolerance = { value = 1, unit = "%", ' + NUMBER, "discharge", {"start": 3.5}, "1.833 W"),
    ('kind = "soc_within"\nof = "after"\nsoc = { value = 0, unit = "%", ' + NUMBER
     + '\ntolerance = { value = 1, unit = "%", ' + NUMBER, "discharge", {"duration": 10440.0}, "3.33 %"),
    ('kind = "capacity_within"\nof = "discharge"\ncapacity = { value = 100, unit = "%", ' + NUMBER
     + '\ntolerance = { value = 1, unit = "%", ' + NUMBER, "discharge", {"duration": 10620.0}, "98.33 %"),
    ('kind = "capacity_within"\nof = "charge"\ncapacity = { value = 2, unit = "Ah", ' + NUMBER
     + '\ntolerance = { value = 1, unit = "%", ' + NUMBER, "charge", {"duration": 6000.0}, "1.917 Ah"),
    ('kind = "end_current"\nof = "charge"\nrate = { value = 0.05, unit = "It", ' + NUMBER
     + '\ntolerance = { value = 5, unit = "%", ' + NUMBER, "taper", {"current": 0.12, "duration": 7500.0}, "early at 0.12 A"),
    ('kind = "rest_at_most"\nof = "rest"\nduration = { value = 1, unit = "h", ' + NUMBER, "rest", {"duration": 3660.0}, "1.017 h"),
    ('kind = "after"\nof = "discharge"\nevent = "charge.end"\ndelay = { value = 1, unit = "h", ' + NUMBER,
     "rest", {"duration": 3540.0}, "59 min"),
    ('kind = "transition"\nof = "charge"\nto = "discharge"\nduration = { value = 1, unit = "h", ' + NUMBER,
     "rest", {"duration": 3660.0}, "1.017 h"),
    ('kind = "current_ratio"\nof = "before"\nto = "discharge"\nratio = { value = 1, unit = "1", ' + NUMBER
     + '\ntolerance = { value = 1, unit = "%", ' + NUMBER, "before", {"current": -0.7}, "1.05"),
    ('kind = "stop_reason"\nof = "discharge"\nreason = ["voltage"]', "discharge", {"end": 2.2}, "something else"),
    ('kind = "rate_within"\nof = "discharge"\nrate = { value = "2/3", unit = "A", ' + NUMBER
     + '\ntolerance = { value = 1, unit = "%", ' + NUMBER, "discharge", {"current": -0.7}, "0.7 A"),
    ('kind = "end_voltage"\nof = "charge"\nvoltage = { value = 3.65, unit = "V", ' + NUMBER
     + '\ntolerance = { value = 10, unit = "mV", ' + NUMBER, "taper", {"start": 3.6, "end": 3.6}, ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "name", "change", "word"), CASES, ids=[c[0].split('"')[1] + " " + c[1] for c in CASES]
)
def test_a_condition_is_kept_and_then_broken(
    text: str, name: str, change: dict[str, Any], word: str, asked: Any, cycle: Any
) -> None:
    text = text.replace('10, unit = "mV"', '0.01, unit = "V"')
    kept = asked(text, cycle)
    assert kept.conformity is Conformity.CONFORMING, kept.reason
    if name == "taper" and "start" in change:
        cycle = of("charge", cycle, end=3.6)
    broken = asked(text, of(name, cycle, **change))
    assert broken.conformity is Conformity.DEVIATING, broken.reason
    assert word in broken.reason
    assert broken.evidence


def test_a_charge_in_two_steps_is_one_and_its_rate_is_that_of_constant_current(
    asked: Any, cycle: Any
) -> None:
    text = (
        'kind = "rate_within"\nof = "charge"\nrate = { declared = "charge_current_ampere" }\n'
        'tolerance = { value = 1, unit = "%", from = "own" }'
    )
    found = asked(text, cycle, item={"charge_current_ampere": 1.0})
    assert (found.conformity, found.found["current_ampere"]) == (Conformity.CONFORMING, pytest.approx(1.0))
    assert found.asked["rate"].status == "declared"
    silent = asked(text, cycle)
    assert silent.conformity is Conformity.NOT_EVALUABLE
    assert "declares no charge_current_ampere" in silent.reason


def test_without_a_full_charge_no_state_of_charge(asked: Any, cycle: Any) -> None:
    text = (
        'kind = "soc_within"\nof = "discharge"\nsoc = { value = 100, unit = "%", from = "own" }\n'
        'tolerance = { value = 1, unit = "%", from = "own" }'
    )
    assert asked(text, cycle).conformity is Conformity.CONFORMING
    found = asked(text, cycle[4:])
    assert found.conformity is Conformity.NOT_EVALUABLE
    assert "No full charge precedes" in found.reason


def test_what_comes_after_the_file_is_not_known(asked: Any, cycle: Any) -> None:
    text = 'kind = "rest_at_least"\nof = "after"\nduration = { value = 20, unit = "min", from = "own" }'
    short = asked(text, cycle)
    assert (short.conformity, "may have gone on" in short.reason) == (Conformity.NOT_EVALUABLE, True)
    none = asked(text, cycle[:-1])
    assert (none.conformity, "ends before" in none.reason) == (Conformity.NOT_EVALUABLE, True)
    another = asked(text, (*cycle, cycle[2]))
    assert another.conformity is Conformity.DEVIATING


def test_what_neither_the_instrument_nor_the_signal_shows_cannot_be_told(asked: Any, cycle: Any) -> None:
    text = 'kind = "stop_reason"\nof = "discharge"\nreason = ["time"]'
    unknown = asked(text, of("discharge", cycle, end=2.2))
    assert unknown.conformity is Conformity.NOT_EVALUABLE
    assert "neither the instrument nor the signal tells whether it was time" in unknown.reason
    ended = asked(text, cycle)
    assert ended.conformity is Conformity.DEVIATING, "it ended at its voltage"
    assert "last voltage of 2 V stands at the limit of 2 V" in ended.reason


LASTS = """[condition.lasts]
kind = "duration_within"
of = "discharge"
title = { en = "Time", ko = "시간" }
duration = { value = 3, unit = "h", from = "own" }
tolerance = { value = 10, unit = "%", from = "own" }
[condition.moves]
kind = "capacity_within"
of = "discharge"
title = { en = "Charge", ko = "전하량" }
capacity = { value = 100, unit = "%", from = "own" }
tolerance = { value = 10, unit = "%", from = "own" }
"""
BOTH = CYCLE.replace("sequence", 'conditions = ["it", "lasts", "moves"]\nsequence')


@pytest.mark.parametrize(
    ("reason", "changes", "answer", "word"),
    [
        ("time", {"end": 2.2}, "conforming", "the 10800 s that it took are the asked 10800 s"),
        ("time", {"end": 2.2, "duration": 9900.0}, "deviating", "something else"),
        ("charge", {"end": 2.2}, "conforming", "the 2 Ah that were moved are the asked 2 Ah"),
        ("charge", {"end": 2.2, "current": -0.6}, "deviating", "Ended by time"),
        (
            "temperature",
            {"end": 2.2, "surface": 60.0, "ambient": 60.0, "duration": 9900.0},
            "conforming",
            "60 °C",
        ),
        ("voltage", {"end": 2.2, "duration": 9900.0}, "deviating", "something else"),
    ],
)
def test_a_reason_is_shown_by_the_limit_at_which_the_step_stands(
    reason: str, changes: dict[str, Any], answer: str, word: str, write: Any, run: Any, cycle: Any, cell: Any
) -> None:
    text = f'{HEAD}[condition.it]\n{TITLE}\nkind = "stop_reason"\nof = "discharge"\nreason = ["{reason}"]\n'
    path = write("own.toml", f'{text}{LASTS}[[clause]]\nnumber = "1"\n{TITLE}\n{BOTH}')
    item = {**cell, "maximum_temperature_celsius": 60.0}
    (clause,) = judge(run(of("discharge", cycle, **changes)), standard=path, item=item).clauses
    found = clause.conditions[0]
    assert (found.conformity, found.found["evidence"]) == (answer, "signal")
    assert word in found.reason


@pytest.fixture
def held(write: Any, rows: Any, steps_of: Any, cycle: Any, cell: Any) -> Any:
    """`held(reason, **item)`: what ended a voltage held while the current falls from 1 A to 0.1 A."""
    table = rows(cycle)
    share = pl.col("step_time_second") / 9000.0
    taper = pl.when(pl.col("step_count") == 4).then(0.1**share).otherwise(pl.col("current_ampere"))
    steps = steps_of(table.with_columns(taper.alias("current_ampere")))

    def of(reason: str, **item: Any) -> ConditionResult:
        text = f'[condition.it]\n{TITLE}\nkind = "stop_reason"\nof = "charge"\nreason = ["{reason}"]\n'
        clause = f'[[clause]]\nnumber = "1"\n{TITLE}\nconditions = ["it"]\n{CYCLE}'
        return (
            judge(steps, standard=write("own.toml", HEAD + text + clause), item={**cell, **item})
            .clauses[0]
            .conditions[0]
        )

    return of


@pytest.mark.parametrize(
    ("cutoff", "answer", "word"),
    [
        (0.1, "conforming", "stands at the end current of 0.1 A"),
        (0.05, "deviating", "something else"),
        (None, "conforming", "no end current is declared"),
    ],
)
def test_a_held_voltage_is_ended_by_its_end_current(
    cutoff: float | None, answer: str, word: str, held: Any
) -> None:
    """The taper stops at 0.1 A: at its end current, or twice as early, or nobody said which it is."""
    found = held("current", **({} if cutoff is None else {"charge_cutoff_current_ampere": cutoff}))
    assert found.conformity == answer, found.reason
    assert word in found.reason


def test_a_held_voltage_of_no_known_end_may_have_been_ended_by_time(held: Any) -> None:
    assert held("time").conformity is Conformity.NOT_EVALUABLE
    assert held("voltage").conformity is Conformity.DEVIATING, "the voltage was reached and held"


@pytest.mark.parametrize(
    ("code", "answer", "word"),
    [
        (129.0, "deviating", "The instrument recorded it: vendor.ES = 129"),
        (133.0, "conforming", "vendor.ES = 133"),
        (192.0, "conforming", "By the signal"),
    ],
)
def test_what_the_instrument_recorded_goes_before_the_signal(
    code: float, answer: str, word: str, write: Any, rows: Any, steps_of: Any, cycle: Any, cell: Any
) -> None:
    """The discharge ends at 2.0 V; by the record of the instrument it was time (129) that ended it."""
    table = rows(cycle)
    last = pl.col("step_count") != pl.col("step_count").shift(-1).fill_null(0)
    table = table.with_columns(pl.when(last).then(code).otherwise(1.0).alias("vendor.ES"))
    text = f'{HEAD}[condition.it]\n{TITLE}\nkind = "stop_reason"\nof = "discharge"\nreason = ["voltage"]\n'
    path = write("own.toml", f'{text}[[clause]]\nnumber = "1"\n{TITLE}\nconditions = ["it"]\n{CYCLE}')
    (clause,) = judge(steps_of(table), standard=path, item=cell).clauses
    assert clause.conditions[0].conformity == answer
    assert word in clause.conditions[0].reason


@pytest.mark.corpus
def test_the_recorded_codes_of_maccor_and_pec_stand_where_the_signal_shows_the_same(corpus: Path) -> None:
    """Every step that Maccor says was ended by a voltage ends at one of the two voltages of its programme."""
    steps = find_steps(read(corpus / "a_cyclers" / "cellpy" / "maccor_txt" / "maccor_001.txt"))
    codes = steps.measurement.select(["vendor.ES"])["vendor.ES"].to_list()
    said = {RECORDED["vendor.ES"].get(int(codes[step.row_last - 1])): [] for step in steps}
    for step in steps:
        said[RECORDED["vendor.ES"].get(int(codes[step.row_last - 1]))].append(step)
    assert {key: len(found) for key, found in said.items()} == {
        "time": 10,
        "voltage": 9,
        "current": 4,
        None: 1,
    }
    assert {round(step.voltage_last_volt, 2) for step in said["voltage"]} == {2.5, 4.2}
    assert {round(step.current_last_ampere, 3) for step in said["current"]} == {0.05}
    assert {step.mode for step in said["current"]} == {"cv"}
    assert {round(step.duration_second) for step in said["time"]} == {5, 7200}


RUN = '\nsequence = [{ role = "run", direction = "any", size = "cycles", measured = true }]\n'


def cycles(part: Any, *hours: float) -> tuple[Any, ...]:
    """Charges and discharges of so many hours at 2/3 A."""
    parts = [part("rest", 0.0, 600.0, 2.5, 2.8)]
    for n, hour in enumerate(hours):
        parts += [
            part(f"charge {n}", 2 / 3, 10800.0, 3.0, 3.65, step_id=1),
            part(f"rest {n}", 0.0, 600.0, 3.4, 3.4, step_id=2),
            part(f"discharge {n}", -2 / 3, hour * 3600, 3.4, 2.0, step_id=3),
            part(f"pause {n}", 0.0, 600.0, 2.5, 2.8, step_id=4),
        ]
    return tuple(parts)


def test_cycles_are_counted(asked: Any, part: Any) -> None:
    text = 'kind = "count_cycles"\nof = "run"\ncount = { value = 3, unit = "1", from = "own" }'
    assert asked(text, cycles(part, 3, 3, 3), RUN).conformity is Conformity.CONFORMING
    few = asked(text, cycles(part, 3, 3), RUN)
    assert (few.conformity, few.found["count"]) == (Conformity.DEVIATING, 2)


@pytest.mark.parametrize(
    ("hours", "answer"),
    [
        ((2.5, 2.92, 3.0), Conformity.CONFORMING),
        ((3.0, 2.8), Conformity.DEVIATING),
        ((3.0,), Conformity.NOT_EVALUABLE),
    ],
)
def test_preconditioning_ends_with_two_discharges_that_agree(
    hours: tuple[float, ...], answer: Conformity, asked: Any, part: Any
) -> None:
    """0.08 h of 3 h is 2.67 % of the rated capacity, 0.2 h is 6.67 %: 3 % is asked."""
    text = 'kind = "change_within"\nof = "run"\nmetric = "discharge_capacity"\nchange = { value = 3, unit = "%", from = "own" }'
    found = asked(text, cycles(part, *hours), RUN)
    assert found.conformity is answer, found.reason


@pytest.mark.parametrize(
    ("kind", "names", "answer"),
    [
        ("all_of", '["kept", "kept"]', Conformity.CONFORMING),
        ("all_of", '["kept", "broken"]', Conformity.DEVIATING),
        ("all_of", '["kept", "open"]', Conformity.NOT_EVALUABLE),
        ("all_of", '["broken", "open"]', Conformity.DEVIATING),
        ("any_of", '["kept", "broken"]', Conformity.CONFORMING),
        ("not_", '["broken"]', Conformity.CONFORMING),
        ("not_", '["open"]', Conformity.NOT_EVALUABLE),
        ("any_of", '["broken", "both"]', Conformity.DEVIATING),
    ],
)
def test_logic_with_three_answers(kind: str, names: str, answer: Conformity, asked: Any, cycle: Any) -> None:
    rest = (
        '{0} = "rest_at_least"\nof = "rest"\n'
        + TITLE.replace("{", "{{").replace("}", "}}")
        + "\nduration = {1}\n"
    )
    more = (
        "[condition.kept]\n" + rest.format("kind", '{ value = 1, unit = "h", from = "own" }')
        + "[condition.broken]\n" + rest.format("kind", '{ value = 2, unit = "h", from = "own" }')
        + "[condition.open]\n" + rest.format("kind", '{ missing = "the number", unit = "h" }')
        + f'[condition.both]\nkind = "all_of"\n{TITLE}\nconditions = ["kept", "broken"]\n'
    )  # fmt: skip
    assert asked(f'kind = "{kind}"\nconditions = {names}', cycle, more=more).conformity is answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ('attribute = "chemistry"\nallowed = ["LFP", "NMC"]', Conformity.CONFORMING),
        ('attribute = "chemistry"\nallowed = ["NCA"]', Conformity.DEVIATING),
        ('attribute = "serial"', Conformity.NOT_EVALUABLE),
        ('attribute = "mass_kg"\nrelation = "<="\nvalue = { value = 0.04, unit = "kg", from = "own" }', Conformity.CONFORMING),
        ('attribute = "mass_kg"\nrelation = ">="\nvalue = { value = 0.5, unit = "kg", from = "own" }', Conformity.DEVIATING),
    ],
)  # fmt: skip
def test_what_the_item_declares_is_a_condition_of_its_own(text: str, answer: Conformity, asked: Any) -> None:
    assert asked(f'kind = "declared"\n{text}', sequence="").conformity is answer


def test_an_interrupted_discharge_is_one_with_the_sum_of_its_charge(
    run: Any, part: Any, cell: dict[str, Any], by_the_book: Any
) -> None:
    """The tester paused the discharge after an hour, twice; it resumed in the same step of the programme."""
    *before, discharge = by_the_book
    hour = replace(discharge, duration=3600.0, step_id=6)
    pause = part("paused", 0.0, 300.0, 3.0, 3.0, step_id=6)
    pieces = (
        replace(hour, end=3.0), pause, replace(hour, start=3.0, end=2.5), pause, replace(hour, start=2.5),
    )  # fmt: skip
    (clause,) = judge(
        run((*before, *pieces)), standard="IEC 62660-1:2018", item=cell, clauses=["7.2"]
    ).clauses
    assert clause.results[0].measured.value == pytest.approx(2.0, rel=1e-6)
    assert "interrupted 2 times, for 600 s in all" in clause.matched
    assert not [c.title["en"] for c in clause.conditions if c.conformity is Conformity.DEVIATING]


def test_two_steps_of_the_programme_are_not_one_interrupted_step(
    run: Any, part: Any, cell: dict[str, Any], by_the_book: Any
) -> None:
    *before, discharge = by_the_book
    half = replace(discharge, duration=6000.0)
    steps = run((*before, half, part("rest", 0.0, 600.0, 3.0, 3.0), half))
    found = judge(steps, standard="IEC 62660-1:2018", item=cell, clauses=["7.2"]).clauses
    assert all(c.results[0].measured.value == pytest.approx(10 / 9) for c in found)


LAST = """
takes = "last"
sequence = [{ role = "discharge", direction = "discharge", measured = true }]
"""


def test_the_last_of_equal_ones_is_taken_where_the_clause_says_so(
    write: Any, run: Any, part: Any, cell: dict[str, Any]
) -> None:
    text = f'{HEAD}[[clause]]\nnumber = "1"\n{TITLE}\n{LAST}'
    path = write("own.toml", text)
    (clause,) = _clauses(judge(run(cycles(part, 3, 3, 2.9)), standard=path, item=cell))
    assert "step 12" in clause.matched
    assert "last of 3" in clause.matched


def _clauses(evaluation: Any) -> tuple[ClauseResult, ...]:
    found: tuple[ClauseResult, ...] = evaluation.clauses
    return found


def test_every_check_has_words_in_both_languages(asked: Any, cycle: Any) -> None:
    text = 'kind = "rest_at_most"\nof = "rest"\nduration = { value = 1, unit = "h", from = "own" }'
    found = asked(text, cycle)
    assert set(found.reason_by_language) == {"en", "ko"}


def test_a_ladder_with_rests_of_the_programme_is_no_interrupted_discharge(
    run: Any, part: Any, cell: dict[str, Any], by_the_book: Any
) -> None:
    """Thirds of the capacity, each of step 6, with a rest of step 7 after each: none is a whole discharge."""
    *before, discharge = by_the_book
    third = replace(discharge, duration=3600.0, step_id=6)
    pause = part("rest", 0.0, 3600.0, 3.0, 3.0, step_id=7)
    steps = run((*before[3:], *(third, pause) * 3))
    (clause,) = judge(steps, standard="IEC 62660-1:2018", item=cell, clauses=["7.2"]).clauses
    assert (clause.conformity, clause.results) == (Conformity.NOT_EVALUABLE, ())
