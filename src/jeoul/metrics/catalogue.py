"""Every metric, one row each, and the front functions that measure all of a file.

To add a metric: one function in the module of its topic, one row here, one test.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from jeoul.errors import InsufficientDataError, OutOfValidityError, UnknownNameError
from jeoul.metrics import (
    ageing,
    capacity,
    efficiency,
    impedance,
    incremental_capacity,
    insulation,
    open_circuit,
    pack,
    power,
    resistance,
    self_discharge,
    taper,
    temperature,
    thermal,
    throughput,
)
from jeoul.metrics.rate import rate
from jeoul.metrics.resistance import dc_resistance
from jeoul.metrics.selection import Selection
from jeoul.metrics.state_of_charge import state_of_charge
from jeoul.metrics.voltage import each_rest_voltage, rest_voltage
from jeoul.steps import Step, Steps
from jeoul.uncertainty import Accuracy, Measured

Needs = Literal[
    "charge",
    "discharge",
    "rest",
    "temperature",
    "edge",
    "moving",
    "charge and discharge",
    "steps",
    "results",
    "spectrum",
]
OF_ONE_STEP: frozenset[Needs] = frozenset(("charge", "discharge", "rest", "temperature", "edge", "moving"))
Each = Callable[[Selection, Accuracy | None], list[Measured]]


@dataclass(frozen=True)
class Metric:
    """One row of the catalogue.

    needs
        The step or steps it is of: ``charge``, ``discharge`` or ``rest``; ``moving`` (either way);
        ``temperature`` (any step with a temperature); ``edge`` (a step after a row of another current);
        ``charge and discharge`` (some of both); ``steps`` (a run of them); ``results`` (results
        measured before); ``spectrum`` (an impedance spectrum).
    function
        ``function(step_or_steps, *, <parameters>, accuracy) -> Measured``.
    each
        The same for many steps at once, for a metric that needs no parameter; else None.
    column
        The column of the steps table without which there is no such result.
    """

    name: str
    title: Mapping[str, str]
    unit: str
    topic: str
    needs: Needs
    function: Callable[..., Measured]
    each: Each | None = None
    column: str = ""

    @property
    def parameters(self) -> tuple[str, ...]:
        """Keyword arguments that change the number, beside `accuracy`. None of them has a default."""
        signature = inspect.signature(self.function).parameters.values()
        return tuple(p.name for p in signature if p.kind is p.KEYWORD_ONLY and p.name != "accuracy")

    @property
    def of_one_step(self) -> bool:
        """Whether one step is all that it is measured on."""
        return self.needs in OF_ONE_STEP

    @property
    def summary(self) -> str:
        """The first sentence of the function's docstring."""
        return (inspect.getdoc(self.function) or "").partition("\n")[0]

    def applies_to(self, step: Step) -> bool:
        """Whether the step is of the kind that the metric needs and has the readings for it."""
        value = step.row.get(self.column)
        if value is None or not math.isfinite(value):
            return False
        direction = step.row["direction"]
        if self.needs in ("charge", "discharge"):
            return direction in (self.needs, "mixed") and value > 0
        return direction == "rest" if self.needs == "rest" else True


def _integral(name: str, korean: str, english: str, topic: str, function: Callable[..., Measured]) -> Metric:
    facts = capacity.INTEGRALS[name]
    each = partial(capacity.each_integral, name)
    title = {"ko": korean, "en": english}
    return Metric(name, title, facts.unit, topic, facts.way, function, each, facts.column)


_ROWS = (
    _integral("charge_capacity", "충전 용량", "Charge capacity", "capacity", capacity.charge_capacity),
    _integral(
        "discharge_capacity", "방전 용량", "Discharge capacity", "capacity", capacity.discharge_capacity
    ),
    _integral("charge_energy", "충전 에너지", "Charge energy", "capacity", capacity.charge_energy),
    _integral("discharge_energy", "방전 에너지", "Discharge energy", "capacity", capacity.discharge_energy),
    Metric(
        "mean_charge_voltage",
        {"ko": "평균 충전 전압", "en": "Mean charge voltage"},
        "V",
        "capacity",
        "charge",
        capacity.mean_charge_voltage,
        partial(capacity.each_mean_voltage, "charge"),
        "charge_energy_wh",
    ),
    Metric(
        "mean_discharge_voltage",
        {"ko": "평균 방전 전압", "en": "Mean discharge voltage"},
        "V",
        "capacity",
        "discharge",
        capacity.mean_discharge_voltage,
        partial(capacity.each_mean_voltage, "discharge"),
        "discharge_energy_wh",
    ),
    Metric(
        "coulombic_efficiency",
        {"ko": "쿨롱 효율", "en": "Coulombic efficiency"},
        "1",
        "efficiency",
        "charge and discharge",
        efficiency.coulombic_efficiency,
    ),
    Metric(
        "energy_efficiency",
        {"ko": "에너지 효율", "en": "Energy efficiency"},
        "1",
        "efficiency",
        "charge and discharge",
        efficiency.energy_efficiency,
    ),
    Metric("rate", {"ko": "전류율", "en": "Rate"}, "1/h", "rate", "moving", rate),
    Metric(
        "dc_resistance",
        {"ko": "직류 저항", "en": "DC resistance"},
        "ohm",
        "resistance",
        "edge",
        dc_resistance,
    ),
    Metric(
        "rest_voltage",
        {"ko": "휴지 말 전압", "en": "Voltage at the end of rest"},
        "V",
        "voltage",
        "rest",
        rest_voltage,
        each_rest_voltage,
        "voltage_last_volt",
    ),
    Metric(
        "temperature_minimum",
        {"ko": "최저 온도", "en": "Lowest temperature"},
        "degC",
        "temperature",
        "temperature",
        temperature.temperature_minimum,
        partial(temperature.each_extreme, "minimum"),
        "temperature_min_celsius",
    ),
    Metric(
        "temperature_maximum",
        {"ko": "최고 온도", "en": "Highest temperature"},
        "degC",
        "temperature",
        "temperature",
        temperature.temperature_maximum,
        partial(temperature.each_extreme, "maximum"),
        "temperature_max_celsius",
    ),
    Metric(
        "temperature_rise",
        {"ko": "온도 상승", "en": "Temperature rise"},
        "K",
        "temperature",
        "temperature",
        temperature.temperature_rise,
        temperature.each_rise,
        "temperature_first_celsius",
    ),
    Metric(
        "voltage_efficiency",
        {"ko": "전압 효율", "en": "Voltage efficiency"},
        "1",
        "efficiency",
        "charge and discharge",
        efficiency.voltage_efficiency,
    ),
    Metric(
        "round_trip_efficiency",
        {"ko": "왕복 에너지 효율", "en": "Round-trip efficiency"},
        "1",
        "efficiency",
        "steps",
        efficiency.round_trip_efficiency,
    ),
    Metric(
        "ohmic_resistance",
        {"ko": "옴 저항", "en": "Ohmic resistance"},
        "ohm",
        "resistance",
        "edge",
        resistance.ohmic_resistance,
    ),
    Metric(
        "polarisation_resistance",
        {"ko": "분극 저항", "en": "Polarisation resistance"},
        "ohm",
        "resistance",
        "edge",
        resistance.polarisation_resistance,
    ),
    Metric(
        "relaxation_resistance",
        {"ko": "휴지 이완 저항", "en": "Relaxation resistance"},
        "ohm",
        "resistance",
        "rest",
        resistance.relaxation_resistance,
        column="voltage_last_volt",
    ),
    Metric("pulse_power", {"ko": "펄스 출력", "en": "Pulse power"}, "W", "power", "edge", power.pulse_power),
    Metric(
        "discharge_power_capability",
        {"ko": "방전 출력 능력", "en": "Discharge power capability"},
        "W",
        "power",
        "edge",
        power.discharge_power_capability,
    ),
    Metric(
        "charge_power_capability",
        {"ko": "충전 출력 능력", "en": "Charge power capability"},
        "W",
        "power",
        "edge",
        power.charge_power_capability,
    ),
    Metric("peak_power", {"ko": "피크 출력", "en": "Peak power"}, "W", "power", "edge", power.peak_power),
    Metric(
        "state_of_charge",
        {"ko": "충전상태(SOC)", "en": "State of charge"},
        "1",
        "state of charge",
        "steps",
        state_of_charge,
    ),
    Metric(
        "capacity_since_full_charge",
        {"ko": "만충전 이후 방전 용량", "en": "Capacity since full charge"},
        "Ah",
        "throughput",
        "steps",
        throughput.capacity_since_full_charge,
    ),
    Metric(
        "net_capacity",
        {"ko": "순 용량", "en": "Net capacity"},
        "Ah",
        "throughput",
        "moving",
        throughput.net_capacity,
        column="charge_capacity_ah",
    ),
    Metric(
        "capacity_throughput",
        {"ko": "누적 용량 처리량", "en": "Capacity throughput"},
        "Ah",
        "throughput",
        "moving",
        throughput.capacity_throughput,
        column="charge_capacity_ah",
    ),
    Metric(
        "energy_throughput",
        {"ko": "누적 에너지 처리량", "en": "Energy throughput"},
        "Wh",
        "throughput",
        "moving",
        throughput.energy_throughput,
        column="charge_energy_wh",
    ),
    Metric(
        "equivalent_full_cycles",
        {"ko": "등가 완전 사이클 수", "en": "Equivalent full cycles"},
        "1",
        "throughput",
        "moving",
        throughput.equivalent_full_cycles,
        column="charge_capacity_ah",
    ),
    Metric(
        "cv_share",
        {"ko": "정전압 충전 비율", "en": "Share of charge at constant voltage"},
        "1",
        "throughput",
        "charge",
        throughput.cv_share,
        column="charge_capacity_ah",
    ),
    Metric(
        "taper_time",
        {"ko": "정전압 충전 시간", "en": "Time at constant voltage"},
        "s",
        "throughput",
        "charge",
        throughput.taper_time,
        column="charge_capacity_ah",
    ),
    Metric(
        "energy_since_full_charge",
        {"ko": "만충전 이후 방전 에너지", "en": "Energy since full charge"},
        "Wh",
        "throughput",
        "steps",
        throughput.energy_since_full_charge,
    ),
    Metric(
        "net_energy",
        {"ko": "순 에너지", "en": "Net energy"},
        "Wh",
        "throughput",
        "moving",
        throughput.net_energy,
        column="charge_energy_wh",
    ),
    Metric(
        "taper_end_current",
        {"ko": "정전압 종료 전류", "en": "Current at the end of constant voltage"},
        "A",
        "throughput",
        "moving",
        taper.taper_end_current,
        column="current_last_ampere",
    ),
    Metric(
        "taper_end_rate",
        {"ko": "정전압 종료 전류율", "en": "Rate at the end of constant voltage"},
        "1/h",
        "throughput",
        "moving",
        taper.taper_end_rate,
        column="current_last_ampere",
    ),
    Metric(
        "taper_time_constant",
        {"ko": "정전압 전류 감쇠 시정수", "en": "Time constant of the current at constant voltage"},
        "s",
        "throughput",
        "moving",
        taper.taper_time_constant,
        column="current_last_ampere",
    ),
    Metric(
        "specific_discharge_energy",
        {"ko": "질량당 방전 에너지", "en": "Specific discharge energy"},
        "Wh/kg",
        "throughput",
        "discharge",
        throughput.specific_discharge_energy,
        column="discharge_energy_wh",
    ),
    Metric(
        "volumetric_discharge_energy",
        {"ko": "부피당 방전 에너지", "en": "Volumetric discharge energy"},
        "Wh/L",
        "throughput",
        "discharge",
        throughput.volumetric_discharge_energy,
        column="discharge_energy_wh",
    ),
    Metric(
        "specific_discharge_capacity",
        {"ko": "질량당 방전 용량", "en": "Specific discharge capacity"},
        "Ah/kg",
        "throughput",
        "discharge",
        throughput.specific_discharge_capacity,
        column="discharge_capacity_ah",
    ),
    Metric(
        "areal_discharge_capacity",
        {"ko": "면적당 방전 용량", "en": "Areal discharge capacity"},
        "Ah/m2",
        "throughput",
        "discharge",
        throughput.areal_discharge_capacity,
        column="discharge_capacity_ah",
    ),
    Metric(
        "relaxed_voltage",
        {"ko": "이완 수렴 전압", "en": "Relaxed voltage"},
        "V",
        "voltage",
        "rest",
        open_circuit.relaxed_voltage,
        column="voltage_last_volt",
    ),
    Metric(
        "voltage_decay_rate",
        {"ko": "전압 저하율", "en": "Voltage decay rate"},
        "V/d",
        "self-discharge",
        "rest",
        self_discharge.voltage_decay_rate,
        column="voltage_last_volt",
    ),
    Metric(
        "self_discharge_current",
        {"ko": "자가방전 전류", "en": "Self-discharge current"},
        "A",
        "self-discharge",
        "rest",
        self_discharge.self_discharge_current,
        column="voltage_last_volt",
    ),
    Metric(
        "self_discharge_rate",
        {"ko": "자가방전율", "en": "Self-discharge rate"},
        "1/d",
        "self-discharge",
        "results",
        self_discharge.self_discharge_rate,
    ),
    Metric(
        "storage_self_discharge",
        {"ko": "부분 충전 저장 자가방전율", "en": "Self-discharge rate at part charge"},
        "1/d",
        "self-discharge",
        "results",
        self_discharge.storage_self_discharge,
    ),
    Metric(
        "charge_retention",
        {"ko": "저장 후 용량 보존율", "en": "Charge retention"},
        "1",
        "self-discharge",
        "results",
        self_discharge.charge_retention,
    ),
    Metric(
        "charge_recovery",
        {"ko": "저장 후 용량 회복률", "en": "Charge recovery"},
        "1",
        "self-discharge",
        "results",
        self_discharge.charge_recovery,
    ),
    Metric(
        "reversible_loss",
        {"ko": "가역 용량 손실률", "en": "Reversible loss"},
        "1",
        "self-discharge",
        "results",
        self_discharge.reversible_loss,
    ),
    Metric(
        "irreversible_loss",
        {"ko": "비가역 용량 손실률", "en": "Irreversible loss"},
        "1",
        "self-discharge",
        "results",
        self_discharge.irreversible_loss,
    ),
    Metric(
        "retention",
        {"ko": "유지율", "en": "Retention"},
        "1",
        "ageing",
        "results",
        ageing.retention,
    ),
    Metric(
        "fade",
        {"ko": "감소율", "en": "Fade"},
        "1",
        "ageing",
        "results",
        ageing.fade,
    ),
    Metric(
        "resistance_growth",
        {"ko": "저항 증가율", "en": "Resistance growth"},
        "1",
        "ageing",
        "results",
        ageing.resistance_growth,
    ),
    Metric(
        "fade_per_cycle",
        {"ko": "사이클당 감소율", "en": "Fade per cycle"},
        "1",
        "ageing",
        "results",
        ageing.fade_per_cycle,
    ),
    Metric(
        "fade_per_throughput",
        {"ko": "누적 처리량당 감소율", "en": "Fade per throughput"},
        "1/Ah",
        "ageing",
        "results",
        ageing.fade_per_throughput,
    ),
    Metric(
        "fade_per_equivalent_full_cycle",
        {"ko": "등가 완전 사이클당 감소율", "en": "Fade per equivalent full cycle"},
        "1",
        "ageing",
        "results",
        ageing.fade_per_equivalent_full_cycle,
    ),
    Metric(
        "fade_per_day",
        {"ko": "일당 감소율", "en": "Fade per day"},
        "1/d",
        "ageing",
        "results",
        ageing.fade_per_day,
    ),
    Metric(
        "cycle_life",
        {"ko": "사이클 수명", "en": "Cycle life"},
        "1",
        "ageing",
        "results",
        ageing.cycle_life,
    ),
    Metric(
        "knee",
        {"ko": "급격 열화 시작점", "en": "Knee point"},
        "1",
        "ageing",
        "results",
        ageing.knee,
    ),
    Metric(
        "incremental_capacity_peak_voltage",
        {"ko": "증분 용량 피크 전압", "en": "Incremental capacity peak voltage"},
        "V",
        "incremental capacity",
        "moving",
        incremental_capacity.incremental_capacity_peak_voltage,
        column="voltage_last_volt",
    ),
    Metric(
        "incremental_capacity_peak_area",
        {"ko": "증분 용량 피크 면적", "en": "Incremental capacity peak area"},
        "Ah",
        "incremental capacity",
        "moving",
        incremental_capacity.incremental_capacity_peak_area,
        column="voltage_last_volt",
    ),
    Metric(
        "graphite_stage_charge",
        {"ko": "흑연 단계 용량", "en": "Graphite stage charge"},
        "Ah",
        "incremental capacity",
        "discharge",
        incremental_capacity.graphite_stage_charge,
        column="discharge_capacity_ah",
    ),
    Metric(
        "temperature_spread",
        {"ko": "온도 편차", "en": "Temperature spread"},
        "K",
        "temperature",
        "temperature",
        thermal.temperature_spread,
        column="temperature_first_celsius",
    ),
    Metric(
        "sustained_temperature_rate",
        {"ko": "지속 온도 상승률", "en": "Sustained rate of temperature rise"},
        "K/s",
        "temperature",
        "temperature",
        thermal.sustained_temperature_rate,
        column="temperature_first_celsius",
    ),
    Metric(
        "soak_time",
        {"ko": "온도 도달 시간", "en": "Soak time"},
        "s",
        "temperature",
        "temperature",
        thermal.soak_time,
        column="temperature_first_celsius",
    ),
    Metric(
        "stability_time",
        {"ko": "온도 안정화 시간", "en": "Temperature stability time"},
        "s",
        "temperature",
        "temperature",
        thermal.stability_time,
        column="temperature_first_celsius",
    ),
    Metric(
        "cell_voltage_spread",
        {"ko": "셀 전압 편차", "en": "Cell voltage spread"},
        "V",
        "pack",
        "steps",
        pack.cell_voltage_spread,
    ),
    Metric(
        "weakest_cell_margin",
        {"ko": "최약 셀과 다음 셀의 전압 차", "en": "Margin of the weakest cell"},
        "V",
        "pack",
        "discharge",
        pack.weakest_cell_margin,
    ),
    Metric(
        "charge_imbalance",
        {"ko": "셀 충전량 불균형", "en": "Charge imbalance of cells"},
        "Ah",
        "pack",
        "moving",
        pack.charge_imbalance,
    ),
    Metric(
        "insulation_resistance",
        {"ko": "절연 저항", "en": "Insulation resistance"},
        "ohm",
        "insulation",
        "results",
        insulation.insulation_resistance,
    ),
    Metric(
        "insulation_per_volt",
        {"ko": "전압당 절연 저항", "en": "Insulation resistance per volt"},
        "ohm/V",
        "insulation",
        "results",
        insulation.insulation_per_volt,
    ),
    Metric(
        "impedance_at_frequency",
        {"ko": "지정 주파수 임피던스", "en": "Impedance at a frequency"},
        "ohm",
        "impedance",
        "spectrum",
        impedance.impedance_at_frequency,
    ),
)

CATALOGUE: Mapping[str, Metric] = {row.name: row for row in _ROWS}


def find_metric(name: str) -> Metric:
    """The metric of this name. Raises `UnknownNameError`, which lists what there is."""
    if name not in CATALOGUE:
        raise UnknownNameError(f"no metric is called '{name}'.", advice=f"There are: {', '.join(CATALOGUE)}.")
    return CATALOGUE[name]


def measure_steps(
    steps: Steps, *, accuracy: Accuracy | None, resistance_times: Sequence[float] = ()
) -> list[Measured]:
    """Every metric that needs no parameter, of every step it applies to, in the order of the steps.

    accuracy
        Of the channel that ran the test; None leaves every uncertainty unknown.
    resistance_times
        Times after the edge at which the DC resistance of a step that follows a rest is taken [s]; a
        step that is too short for a time or was not logged by then has no such result.

    Which step a result is of stands in its evidence (`step_counts`). For 5 000 cycles it works on arrays,
    with the same code as a metric of one step.
    """
    whole = Selection(steps)
    found: list[tuple[int, int, Measured]] = []
    for order, metric in enumerate(CATALOGUE.values()):
        results = _resistances(whole, accuracy, resistance_times) if metric.function is dc_resistance else []
        if metric.each is not None:
            chosen, places = whole.where(metric.applies_to)
            results = list(zip(places, metric.each(chosen, accuracy), strict=True)) if places else []
        found += [(place, order, measured) for place, measured in results]
    found.sort(key=lambda item: item[:2])
    return [measured for _, _, measured in found]


def _resistances(
    whole: Selection, accuracy: Accuracy | None, times: Sequence[float]
) -> list[tuple[int, Measured]]:
    results = []
    for place in range(1, len(whole)) if times else ():
        if not _follows_a_rest(whole.steps[place].row, whole.steps[place - 1].row):
            continue
        for time in times:
            measured = _resistance_if_any(whole.steps[place], time, accuracy)
            results += [] if measured is None else [(place, measured)]
    return results


def _follows_a_rest(row: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    adjacent = before["row_last"] + 1 == row["row_first"]
    return adjacent and before["direction"] == "rest" and row["direction"] in ("charge", "discharge")


def _resistance_if_any(step: Step, time: float, accuracy: Accuracy | None) -> Measured | None:
    try:
        return dc_resistance(step, time_after_edge_second=time, accuracy=accuracy)
    except (InsufficientDataError, OutOfValidityError):
        return None
