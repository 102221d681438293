"""What cycles were run for, on plans run on a virtual cell: the plan is the truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import polars as pl
import pytest

import jeoul
from jeoul.errors import OutOfValidityError
from jeoul.measurement import Measurement
from jeoul.measurement.join import join
from jeoul.plans import AdjustSoc, Constant, ConstantThenHold, Drive, Plan, PlanStep, Pulse, Rest, Until
from jeoul.simulation import EquivalentCircuit, Log, lfp_cell, run_plan
from jeoul.steps import BLOCK_COLUMNS, SEQUENCE_COLUMNS, find_blocks, find_cycles, find_sequences, find_steps
from jeoul.steps.blocks import AGEING_CYCLES

LOG = Log(60.0, 300.0, 1.0, 1.0, 0.02, 0.1)
PAUSE = Rest(Until(duration_second=600.0))
HOUR = Rest(Until(duration_second=3600.0))


def cycle(rate: float) -> tuple[PlanStep, ...]:
    """CC-CV charge and discharge at a rate, with rests."""
    charge = ConstantThenHold("charge", Drive("rate", rate), 3.65, Until(rate=0.05), full=True)
    return charge, PAUSE, Constant("discharge", Drive("rate", rate), Until(voltage_volt=2.5)), PAUSE


def hppc(*socs: float) -> tuple[PlanStep, ...]:
    """A full charge, and at each state of charge a pulse each way."""
    steps: list[PlanStep] = [cycle(0.5)[0], HOUR]
    for soc in socs:
        steps += [AdjustSoc(soc, Drive("rate", 0.5), "rated"), HOUR]
        steps += [Pulse("discharge", Drive("rate", 2.0), 10.0), Rest(Until(duration_second=40.0))]
        steps += [Pulse("charge", Drive("rate", 1.5), 10.0), PAUSE]
    return (*steps, Constant("discharge", Drive("rate", 0.5), Until(voltage_volt=2.5)), PAUSE)


def titration(count: int, rest: PlanStep, second: float = 600.0) -> tuple[PlanStep, ...]:
    """A full charge and so many equal pulses out, each with a rest."""
    pulse = Constant("discharge", Drive("rate", 0.2), Until(duration_second=second))
    return (cycle(0.5)[0], HOUR, *(count * (pulse, rest)))


@pytest.fixture(scope="module")
def ran() -> Callable[..., Measurement]:
    """Run steps on the LFP cell; `efficiency` of its charge comes back."""

    def run(*steps: PlanStep, efficiency: float = 1.0, soc: float = 0.0) -> Measurement:
        cell = EquivalentCircuit(replace(lfp_cell(), coulombic_efficiency=efficiency))
        start = cell.at_rest(soc=soc, celsius=25.0, branch=-1.0)
        plan = Plan(f"{efficiency} {len(steps)}", 2.0, 25.0, steps)
        return run_plan(plan, cell, start=start, instrument=None, seed=1, log=LOG).measurement

    return run


def blocks(measurement: Measurement, rated: float | None = 2.0) -> pl.DataFrame:
    found = find_blocks(find_cycles(find_steps(measurement), by="pairs"), rated_capacity_ah=rated)
    assert found.schema == {name: kind for name, (kind, _) in BLOCK_COLUMNS.items()}
    return found


def kinds(found: pl.DataFrame) -> list[tuple[str, int]]:
    return list(found.select("kind", "cycles").iter_rows())


@pytest.fixture(scope="module")
def life(ran: Callable[..., Measurement]) -> Measurement:
    """Formation on a cell that loses a tenth, then check-up, ageing, check-up, ageing, check-up."""
    check_up = (*cycle(0.3), *hppc(0.8, 0.5, 0.2))
    worn = ran(*check_up, *(11 * cycle(1.0)), *check_up, *(12 * cycle(1.0)), *check_up)
    formation = ran(*cycle(0.1), *cycle(0.1), efficiency=0.9)
    ended = formation.table["unix_time_second"][-1] - worn.table["unix_time_second"][0]
    later = worn.rows.with_columns(pl.col("unix_time_second") + ended + 60.0)
    return join([formation, worn.with_rows(later)])


def test_a_life_is_formation_check_ups_and_ageing(life: Measurement) -> None:
    found = blocks(life)
    assert kinds(found) == [
        ("formation", 2),
        ("characterisation", 2),
        ("ageing", 11),
        ("characterisation", 2),
        ("ageing", 12),
        ("characterisation", 2),
    ]
    assert found["cycle_first"].to_list() == [1, 3, 5, 16, 18, 30]
    assert found["row_first"][0] == 1
    assert found["row_last"][-1] == life.row_count
    assert (found["row_first"][1:] == found["row_last"][:-1] + 1).all()
    assert found["charge_rate"].to_list() == pytest.approx([0.1, 0.3, 1.0, 0.3, 1.0, 0.3], rel=0.01)
    assert "gave back 0.89" in found["reason"][0]
    assert "hppc" in found["reason"][1]


def test_the_measured_capacity_serves_where_none_is_rated(life: Measurement) -> None:
    assert kinds(blocks(life, None)) == kinds(blocks(life, 2.0))


def test_slow_first_cycles_that_lose_nothing_are_no_formation(ran: Callable[..., Measurement]) -> None:
    one = blocks(ran(*cycle(0.1), *(10 * cycle(1.0)), soc=0.1))
    assert kinds(one) == [("characterisation", 1), ("ageing", 10)]
    three = blocks(ran(*(3 * cycle(0.2)), *(10 * cycle(1.0))))
    assert kinds(three) == [("unknown", 3), ("ageing", 10)]
    assert "late formation or a check-up" in three["reason"][0]


def test_nothing_is_guessed_from_few_cycles(ran: Callable[..., Measurement]) -> None:
    few = blocks(ran(*((AGEING_CYCLES - 1) * cycle(1.0))))
    assert kinds(few) == [("unknown", AGEING_CYCLES - 1)]
    assert "no run of 10 alike cycles" in few["reason"][0]


def test_an_odd_cycle_between_two_runs_is_known_only_when_it_comes_back(
    ran: Callable[..., Measurement],
) -> None:
    """One faster cycle may be a slip of the operator; the same after every ten is a check-up."""
    run, fast = 10 * cycle(0.5), cycle(1.0)
    assert kinds(blocks(ran(*run, *fast, *run))) == [("ageing", 10), ("unknown", 1), ("ageing", 10)]
    twice = blocks(ran(*run, *fast, *run, *fast, *run))
    assert twice["kind"].to_list() == ["ageing", *2 * ["characterisation", "ageing"]]


def test_the_last_cycle_that_was_cut_off_is_of_the_run_before(ran: Callable[..., Measurement]) -> None:
    found = blocks(ran(*(10 * cycle(1.0)), cycle(1.0)[0]))
    assert kinds(found) == [("ageing", 11)]


def test_two_rates_are_two_runs_of_ageing(ran: Callable[..., Measurement]) -> None:
    found = blocks(ran(*(10 * cycle(1.0)), *(10 * cycle(0.5))))
    assert kinds(found) == [("ageing", 10), ("ageing", 10)]
    assert found["discharge_rate"].to_list() == pytest.approx([1.0, 0.5], rel=1e-3)


def test_a_capacity_that_is_none_is_refused(life: Measurement) -> None:
    with pytest.raises(OutOfValidityError, match="not positive"):
        blocks(life, 0.0)


def test_no_cycles_are_no_blocks(measurement) -> None:
    empty = measurement(t=pl.Series([], dtype=pl.Float64), u=pl.Series([], dtype=pl.Float64), i=[])
    assert blocks(empty).height == 0


# --- sequences --------------------------------------------------------------------------------------


def sequences(measurement: Measurement) -> list[tuple[object, ...]]:
    found = find_sequences(find_steps(measurement))
    assert found.schema == {name: kind for name, (kind, _) in SEQUENCE_COLUMNS.items()}
    return found.select("kind", "direction", "pulses", "sets", "step_first", "step_last").rows()


@pytest.mark.parametrize(
    ("rest", "kind"),
    [
        (HOUR, "gitt"),
        (Rest(Until(duration_second=10.0)), "ici"),
        (Rest(Until(duration_second=120.0)), "interrupted"),
    ],
)
def test_equal_pulses_one_way_are_named_by_their_rests(
    rest: PlanStep, kind: str, ran: Callable[..., Measurement]
) -> None:
    assert sequences(ran(*titration(8, rest))) == [(kind, "discharge", 8, 8, 2, 17)]
    assert sequences(ran(*titration(4, rest))) == []


def test_the_last_pulse_of_a_titration_may_meet_its_limit(ran: Callable[..., Measurement]) -> None:
    short = Constant("discharge", Drive("rate", 0.2), Until(duration_second=200.0))
    assert sequences(ran(*titration(6, HOUR), short, HOUR)) == [("gitt", "discharge", 7, 7, 2, 15)]
    longer = Constant("discharge", Drive("rate", 0.2), Until(duration_second=900.0))
    assert sequences(ran(*titration(6, HOUR), longer, HOUR)) == [("gitt", "discharge", 6, 6, 2, 13)]


def test_pulses_both_ways_at_several_charges_are_hppc(ran: Callable[..., Measurement]) -> None:
    """Charge and rest, then at each of three points: adjust, rest, pulse, rest, pulse, rest."""
    assert sequences(ran(*hppc(0.8, 0.6, 0.4))) == [("hppc", "both", 6, 3, 4, 19)]
    one_way = [
        Pulse("discharge", Drive("rate", 2.0), 10.0),
        PAUSE,
        Pulse("discharge", Drive("rate", 1.0), 10.0),
    ]
    assert sequences(ran(HOUR, *one_way, PAUSE, soc=0.5)) == [("pulses", "discharge", 2, 1, 1, 4)]


def test_plain_cycles_hold_no_sequence(ran: Callable[..., Measurement]) -> None:
    assert sequences(ran(*(6 * cycle(1.0)))) == []


# --- real tests -------------------------------------------------------------------------------------


@pytest.mark.corpus
def test_a_published_ageing_test_with_diagnostics(corpus) -> None:
    """A Maccor file of BEEP's diagnostic protocol: five cycles (reset, HPPC, 0.2C, 1C, 2C) before the ageing,
    after 30 cycles of it, and then after every 100. This file was shortened by hand from cycle 220 on."""
    steps = find_steps(jeoul.read(corpus / "a_cyclers/beep/PreDiag_000412_00008Fshort.022"))
    found = find_blocks(find_cycles(steps), rated_capacity_ah=None)
    whole = found.filter(pl.col("cycle_last") < 220)
    assert kinds(whole)[1:4] == [("ageing", 30), ("characterisation", 5), ("ageing", 100)]
    assert kinds(whole)[4] == ("characterisation", 5)
    assert kinds(whole)[0] == (
        "characterisation",
        6,
    )  # cycle 0, a part of a charge and its discharge, and 1 to 5
    every = find_sequences(steps)
    assert every["kind"].to_list()[:2] == ["hppc", "hppc"]
    assert every["sets"].to_list()[:2] == [9, 9]  # from 90 % to 10 %


@pytest.mark.corpus
@pytest.mark.parametrize("way", ["charge", "discharge"])
def test_a_published_interruption_test(corpus, way) -> None:
    folder = corpus / "c_pulse_rate/ampworks/ampworks/datasets/resources/ici"
    steps = find_steps(jeoul.read(folder / f"ici_{way}.csv"))
    (row,) = find_sequences(steps).iter_rows(named=True)
    assert (row["kind"], row["direction"]) == ("ici", way)
    assert row["rest_second"] == pytest.approx(10.0, rel=0.1)
    assert row["pulses"] == len(steps.where(pl.col("direction") == way))


@pytest.mark.corpus
def test_a_published_hppc(corpus) -> None:
    path = corpus / "c_pulse_rate/ampworks/ampworks/datasets/resources/hppc/hppc_discharge.csv"
    (row,) = find_sequences(find_steps(jeoul.read(path))).iter_rows(named=True)
    assert (row["kind"], row["sets"], row["pulses"]) == ("hppc", 9, 18)
