"""The cell: an equivalent circuit, marched in ticks whose inside is known in closed form.

::

    U = OCV(z) + h + I R0(z, T) + v1 + v2            z = 1 - d / Q(T), d the charge taken since full
    dd/dt  = I_leak(T) - eta I / 3600                eta = coulombic efficiency where I > 0, else 1   [Ah]
    dv_i/dt = (I R_i(z, T) - v_i) / tau_i            i = 1, 2
    dh/dz  = rate (H sign(dz) - h)                   one-state hysteresis, along the charge that flows
    C dT/dt = I (U - OCV) - (T - T_chamber) / R_th   no entropic heat
    dlost/dt = |I| f_cycle / (7200 Q0) + f_day(T) / 86400
    Q(T) = Q0 (1 - lost) factor(T),  R = R(z, T) (1 + growth lost)

A tick is a time dt in which the current is a straight line, I = i0 + s t. R1, R2, I_leak and the heat are
held at what they are at its start (the heat at its mean), and OCV + h + I R0 runs straight from its value at
the start to its value at the end. Then within the tick::

    U(t) = A + B t + c1 exp(-t / tau1) + c2 exp(-t / tau2),  T(t) = T_end + (T_start - T_end) exp(-t / tau_T)

without any further approximation, and U, its integrals and the moment it reaches a limit are known to the
last digits. The voltage is continuous from tick to tick. So the cell *is* this trajectory: its capacity or
energy is not an estimate of that of a differential equation, though with short ticks it is near it.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from jeoul.errors import OutOfValidityError
from jeoul.simulation.history import Tick, Track
from jeoul.simulation.parameters import KELVIN, REFERENCE_CELSIUS, CellParameters

SECOND_PER_HOUR = 3600.0
SECOND_PER_DAY = 86_400.0
_REFERENCE_KELVIN = REFERENCE_CELSIUS + KELVIN
LEAST_SOC, MOST_SOC = -0.2, 1.2


class State(NamedTuple):
    """A cell at a moment.

    discharged_ah: charge taken since full [Ah]. hysteresis, fast, slow: voltages [V]. celsius: of the cell.
    lost: share of the capacity at the start that ageing has taken [1].
    """

    discharged_ah: float
    hysteresis: float
    fast: float
    slow: float
    celsius: float
    lost: float = 0.0


class _Line:
    """Straight lines between knots. `extended`: beyond the ends as well, else constant there."""

    __slots__ = ("_base", "_cuts", "_origin", "_slope")

    def __init__(self, x: Sequence[float], y: Sequence[float], *, extended: bool) -> None:
        slopes = [(y[i + 1] - y[i]) / (x[i + 1] - x[i]) for i in range(len(x) - 1)]
        self._cuts = list(x[1:-1]) if extended else list(x)
        self._origin = list(x[:-1]) if extended else [x[0], *x]
        self._base = list(y[:-1]) if extended else [y[0], *y]
        self._slope = slopes if extended else [0.0, *slopes, 0.0]

    def at(self, x: float) -> float:
        place = bisect_right(self._cuts, x)
        return self._base[place] + (x - self._origin[place]) * self._slope[place]

    def slope(self, x: float) -> float:
        return self._slope[bisect_right(self._cuts, x)]


class EquivalentCircuit:
    """The virtual cell of a parameter set. It holds no state: every method takes one and gives one."""

    def __init__(self, parameters: CellParameters) -> None:
        p = self.parameters = parameters
        _check(p)
        self._ocv = _Line(p.ocv_soc, p.ocv_volt, extended=True)
        self._resistance = tuple(
            _Line(p.resistance_soc, y, extended=False) for y in (p.ohmic_ohm, p.fast_ohm, p.slow_ohm)
        )
        self._capacity = _Line(p.capacity_celsius, p.capacity_factor, extended=False)
        self.thermal_second = p.heat_capacity_joule_per_kelvin * p.thermal_resistance_kelvin_per_watt

    @property
    def name(self) -> str:
        """What the cell is called in a record."""
        return self.parameters.name

    def at_rest(self, *, soc: float, celsius: float, branch: float, lost: float = 0.0) -> State:
        """The cell relaxed at this state of charge; branch 1: after charge, -1: after discharge.

        lost: share of its capacity that ageing has taken before [1].
        """
        discharged = (1.0 - soc) * self.capacity(celsius) * (1.0 - lost)
        return State(discharged, branch * self.parameters.hysteresis_volt, 0.0, 0.0, celsius, lost)

    def capacity(self, celsius: float) -> float:
        """Charge from full to empty of the new cell at a temperature [Ah]."""
        return self.parameters.capacity_ah * self._capacity.at(celsius)

    def capacity_now(self, state: State) -> float:
        """Charge from full to empty of the cell as it is [Ah]."""
        return self.capacity(state.celsius) * (1.0 - state.lost)

    def soc(self, state: State) -> float:
        """State of charge [1]."""
        return 1.0 - state.discharged_ah / self.capacity_now(state)

    def lost(self, state: State) -> float:
        """Share of the capacity at the start that ageing has taken [1]."""
        return state.lost

    def leaked(self, before: State, after: State, charge_in: float, charge_out: float) -> float:
        """What a cell through which so much has passed has lost from within [Ah]."""
        taken = after.discharged_ah - before.discharged_ah
        return taken + self.parameters.coulombic_efficiency * charge_in - charge_out

    def track(self, ticks: Sequence[Tick]) -> Track:
        """The ticks of a step as one run that can be asked for any time."""
        return Track(ticks, self.parameters.fast_second, self.parameters.slow_second, self.thermal_second)

    def temperature_slope(self, state: State, chamber: float) -> float:
        """dT/dt of the cell at rest [K/h]."""
        return (chamber - state.celsius) / self.thermal_second * SECOND_PER_HOUR

    def leak(self, celsius: float) -> float:
        """Current of self-discharge [A]."""
        p = self.parameters
        return p.self_discharge_ampere * _arrhenius(-p.self_discharge_activation_kelvin, celsius)

    def ohmic(self, state: State, *, charging: bool) -> float:
        """R0 [ohm]."""
        place = max(self.soc(state), self.parameters.least_charge_soc) if charging else self.soc(state)
        return self._resistance[0].at(place) * self._warmth(state)

    def behind_ohmic(self, state: State) -> float:
        """The voltage without I R0 [V]."""
        return self._ocv.at(self.soc(state)) + state.hysteresis + state.fast + state.slow

    def voltage(self, state: State, ampere: float) -> float:
        """Terminal voltage [V]."""
        return self.behind_ohmic(state) + ampere * self.ohmic(state, charging=ampere > 0)

    def extreme_voltage(self, state: State, ampere: float, sign: float) -> float:
        """The highest (sign 1) or the lowest (-1) voltage of a cell; of one cell its own [V]."""
        return self.voltage(state, ampere)

    def ocv_slope(self, state: State) -> float:
        """dOCV/dz [V]."""
        return self._ocv.slope(self.soc(state))

    def advance(
        self, state: State, start: float, end: float, second: float, chamber: float
    ) -> tuple[State, Tick]:
        """The state after a tick of `second` in which the current goes straight from `start` to `end` [A]."""
        p, soc = self.parameters, self.soc(state)
        slope, mean = (end - start) / second, (start + end) / 2
        ohmic, fast_ohm, slow_ohm = self._resistances(soc, state, charging=mean > 0)
        fast, fast_c, fast_level = _relaxed(state.fast, fast_ohm, p.fast_second, start, slope, second)
        slow, slow_c, slow_level = _relaxed(state.slow, slow_ohm, p.slow_second, start, slope, second)
        lag = state.hysteresis + (state.fast + fast + state.slow + slow) / 2
        celsius_end = chamber + mean * (mean * ohmic + lag) * p.thermal_resistance_kelvin_per_watt
        celsius = celsius_end + (state.celsius - celsius_end) * math.exp(-second / self.thermal_second)
        discharged = state.discharged_ah + self._taken(start, end, second, state.celsius)
        lost = state.lost + self._aged(start, end, second, state.celsius)
        after = State(discharged, self._branch(state, discharged), fast, slow, celsius, lost)
        begin = self.voltage(state, start) - state.fast - state.slow
        finish = self.voltage(after, end) - fast - slow
        rise = (finish - begin) / second + slope * (fast_ohm + slow_ohm)
        after_soc = self.soc(after)
        _check_soc(after_soc)
        level = begin + fast_level + slow_level
        return after, Tick(
            second, start, slope, level, rise, fast_c, slow_c, state.celsius, celsius_end, soc, after_soc
        )

    def _resistances(self, soc: float, state: State, *, charging: bool) -> tuple[float, float, float]:
        place = max(soc, self.parameters.least_charge_soc) if charging else soc
        warmth = self._warmth(state)
        ohmic, fast, slow = (line.at(place) * warmth for line in self._resistance)
        return ohmic, fast, slow

    def _taken(self, start: float, end: float, second: float, celsius: float) -> float:
        """Charge taken from the store in a tick [Ah]; the line of the current may cross zero."""
        put_in = _positive_area(start, end, second)
        moved = (start + end) / 2 * second
        lost = (1.0 - self.parameters.coulombic_efficiency) * put_in
        return (self.leak(celsius) * second - moved + lost) / SECOND_PER_HOUR

    def _branch(self, state: State, discharged: float) -> float:
        p = self.parameters
        change = (state.discharged_ah - discharged) / self.capacity_now(state)
        goal = math.copysign(p.hysteresis_volt, change)
        return goal + (state.hysteresis - goal) * math.exp(-p.hysteresis_rate * abs(change))

    def _aged(self, start: float, end: float, second: float, celsius: float) -> float:
        """Share of the capacity that ageing takes in a tick, by charge that flows and by time [1]."""
        p = self.parameters
        if not (p.fade_per_equivalent_full_cycle or p.fade_per_day):
            return 0.0
        flowed = 2.0 * _positive_area(start, end, second) - (start + end) / 2 * second
        cycles = flowed / SECOND_PER_HOUR / (2.0 * p.capacity_ah)
        day_rate = p.fade_per_day * _arrhenius(-p.fade_activation_kelvin, celsius)
        return p.fade_per_equivalent_full_cycle * cycles + day_rate * second / SECOND_PER_DAY

    def _warmth(self, state: State) -> float:
        """What temperature and age make of a resistance of the new cell at 25 degC [1]."""
        p = self.parameters
        aged = 1.0 + p.resistance_growth * state.lost
        return aged * _arrhenius(p.resistance_activation_kelvin, state.celsius)


def _arrhenius(activation_kelvin: float, celsius: float) -> float:
    return math.exp(activation_kelvin * (1.0 / (celsius + KELVIN) - 1.0 / _REFERENCE_KELVIN))


def _relaxed(
    voltage: float, ohm: float, constant: float, ampere: float, slope: float, second: float
) -> tuple[float, float, float]:
    """Of dv/dt = (R (i0 + s t) - v) / tau: v at the end, c of the exponential, and the constant part."""
    level = ohm * (ampere - slope * constant)
    c = voltage - level
    return level + ohm * slope * second + c * math.exp(-second / constant), c, level


def _positive_area(start: float, end: float, second: float) -> float:
    """Area of a straight line above zero."""
    if start >= 0 and end >= 0:
        return (start + end) / 2 * second
    if start <= 0 and end <= 0:
        return 0.0
    peak = max(start, end)
    return peak / 2 * second * peak / abs(end - start)


def _check(p: CellParameters) -> None:
    rising = all(np.all(np.diff(x) > 0) for x in (p.ocv_soc, p.resistance_soc, p.capacity_celsius))
    ocv_rises = bool(np.all(np.diff(p.ocv_volt) >= 0))
    resistances = min(*p.ohmic_ohm, *p.fast_ohm, *p.slow_ohm) >= 0 and min(p.ohmic_ohm) > 0
    positive = min(
        p.capacity_ah,
        p.fast_second,
        p.slow_second,
        p.coulombic_efficiency,
        p.heat_capacity_joule_per_kelvin,
        p.thermal_resistance_kelvin_per_watt,
    )
    ages = min(p.fade_per_equivalent_full_cycle, p.fade_per_day, p.resistance_growth) >= 0
    if not (rising and ocv_rises and resistances and positive > 0 and p.coulombic_efficiency <= 1 and ages):
        raise OutOfValidityError(
            f"the parameters of '{p.name}' are no cell's.",
            advice="Knots must rise, the voltage must not fall, resistances and constants must be positive.",
        )


def _check_soc(soc: float) -> None:
    if not LEAST_SOC <= soc <= MOST_SOC:
        raise OutOfValidityError(
            f"the virtual cell reached a state of charge of {soc:.3g}, where it says nothing.",
            advice="End the step at a voltage.",
        )
