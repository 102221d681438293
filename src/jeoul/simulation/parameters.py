"""What a virtual cell is made of, and where each number comes from.

The default is made from the LFP 18650 that is shipped as a sample. What its three files show is taken from
them; what they do not show is assumed, and said to be. A parameter set of your own is one `replace` away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Status = Literal["measured", "fitted", "assumed"]

REFERENCE_CELSIUS = 25.0
KELVIN = 273.15


@dataclass(frozen=True)
class Source:
    """Where a parameter comes from: ``measured`` and ``fitted`` on the sample, or ``assumed``."""

    status: Status
    source: str


@dataclass(frozen=True)
class CellParameters:
    """The parameters of the equivalent circuit of `jeoul.simulation.circuit`. Frozen.

    capacity_ah
        Charge from state of charge 1 to 0 at 25 degC [Ah].
    ocv_soc, ocv_volt
        Open-circuit voltage between the branches of charge and discharge, at 25 degC [V]; straight lines
        between the knots and beyond the ends.
    hysteresis_volt
        Half the gap between the branches [V].
    hysteresis_rate
        How fast the branch is changed: 1 / e of the gap is left after 1 / rate of state of charge [1].
    resistance_soc
        Knots of the three resistances; constant beyond the ends.
    ohmic_ohm, fast_ohm, slow_ohm
        R0, R1 and R2 at the knots, at 25 degC [ohm].
    least_charge_soc
        While the cell is charged, resistances are those at no less than this state of charge: an empty cell
        takes charge far better than it gives it.
    fast_second, slow_second
        Time constants R1 C1 and R2 C2 [s].
    resistance_activation_kelvin
        Ea / R of all resistances: R(T) = R exp(Ea/R (1/T - 1/298.15 K)) [K].
    capacity_celsius, capacity_factor
        Capacity over that at 25 degC at some temperatures, straight lines between them.
    coulombic_efficiency
        Part of the charge put in that is stored [1].
    self_discharge_ampere, self_discharge_activation_kelvin
        Current that discharges the cell from within at 25 degC, at any voltage, and its Ea / R [A], [K].
    heat_capacity_joule_per_kelvin, thermal_resistance_kelvin_per_watt
        One lump of heat, and the way from it to the chamber.
    fade_per_equivalent_full_cycle
        Share of the capacity at the start that is lost while twice that capacity passes, in and out [1].
    fade_per_day, fade_activation_kelvin
        Share of the capacity at the start that is lost in a day at 25 degC, and its Ea / R [1/d], [K].
    resistance_growth
        By how much all resistances grow for each share of capacity that is lost [1]: a cell that has lost 0.1
        has 1 + 0.1 `resistance_growth` times the resistance of a new one.

    The four of ageing are 0 in the default: a cell that does not age.
    """

    name: str
    capacity_ah: float
    ocv_soc: tuple[float, ...]
    ocv_volt: tuple[float, ...]
    hysteresis_volt: float
    hysteresis_rate: float
    resistance_soc: tuple[float, ...]
    ohmic_ohm: tuple[float, ...]
    fast_ohm: tuple[float, ...]
    slow_ohm: tuple[float, ...]
    least_charge_soc: float
    fast_second: float
    slow_second: float
    resistance_activation_kelvin: float
    capacity_celsius: tuple[float, ...]
    capacity_factor: tuple[float, ...]
    coulombic_efficiency: float
    self_discharge_ampere: float
    self_discharge_activation_kelvin: float
    heat_capacity_joule_per_kelvin: float
    thermal_resistance_kelvin_per_watt: float
    fade_per_equivalent_full_cycle: float = 0.0
    fade_per_day: float = 0.0
    fade_activation_kelvin: float = 0.0
    resistance_growth: float = 0.0
    sources: Mapping[str, Source] = field(default_factory=dict)

    def scaled(self, *, capacity: float, resistance: float) -> CellParameters:
        """Another cell of the same make: capacity and all resistances times a factor."""
        return replace(
            self,
            capacity_ah=self.capacity_ah * capacity,
            ohmic_ohm=_times(self.ohmic_ohm, resistance),
            fast_ohm=_times(self.fast_ohm, resistance),
            slow_ohm=_times(self.slow_ohm, resistance),
        )

    @property
    def assumed(self) -> tuple[str, ...]:
        """The parameters that no measurement of the sample supports."""
        return tuple(name for name, source in self.sources.items() if source.status == "assumed")


def _times(values: tuple[float, ...], factor: float) -> tuple[float, ...]:
    return tuple(value * factor for value in values)


# State of charge, R0 and R1 at 25 degC [ohm]. R0: mean dU / dI over the edges of the sample's WLTP file,
# which is logged once a second, so R0 holds all that the cell does within a second. R1: such that the virtual
# cell's own 1C discharge, warming as it goes, follows the sample's. Below 0.06 that discharge had ended.
_RESISTANCE = (
    (0.06, 0.0411, 1.0965),
    (0.07, 0.0411, 0.8435),
    (0.08, 0.0411, 0.5920),
    (0.10, 0.0411, 0.3939),
    (0.12, 0.0411, 0.2648),
    (0.14, 0.0411, 0.1788),
    (0.17, 0.0400, 0.1024),
    (0.20, 0.0383, 0.0648),
    (0.26, 0.0355, 0.0403),
    (0.32, 0.0350, 0.0305),
    (0.44, 0.0335, 0.0184),
    (0.56, 0.0319, 0.0111),
    (0.68, 0.0319, 0.0187),
    (0.80, 0.0313, 0.0141),
    (0.92, 0.0304, 0.0116),
    (0.98, 0.0302, 0.0148),
)
_SLOW_OHM = 0.016
_HYSTERESIS_VOLT = 0.010
_PLATEAU_OHM = 0.057
# (U at C/20 - U at 1C) / 1.90 A between 0.4 and 0.9, about: what C/20 drops is taken out with it. At low
# charge the resistance found at 1C holds the lack of lithium at that rate, which C/20 does not suffer.

_C20 = "sample about_energy_lfp, LFP_025degC_Co20_Dch.csv (About:Energy, BSD-3-Clause)"
_1C = "sample about_energy_lfp, LFP_025degC_1C_Dch.csv: the virtual 1C discharge follows it"

_SOURCES: dict[str, Source] = {
    "capacity_ah": Source("measured", f"{_C20}: charge out from 3.48 V at rest to 2.0 V"),
    "ocv_soc": Source("measured", _C20),
    "ocv_volt": Source(
        "fitted",
        f"{_C20}: its voltage plus the drop at C/20 over the mean resistance of the plateau is the branch of "
        "discharge, made to fall steadily (by up to 2 mV); half the assumed gap is added. The charge branch "
        "was not published: it lies a constant offset above",
    ),
    "hysteresis_volt": Source("assumed", "LFP cells show a gap of 5 to 25 mV after long rests; 20 mV taken"),
    "hysteresis_rate": Source("assumed", "the branch changes within about 5 % of charge"),
    "resistance_soc": Source("fitted", _1C),
    "ohmic_ohm": Source("fitted", "sample about_energy_lfp, LFP_025degC_DC_WLTP.csv: edges, 1 s after them"),
    "fast_ohm": Source("fitted", _1C),
    "slow_ohm": Source("assumed", "a third of the polarisation on the plateau, and no more towards empty"),
    "least_charge_soc": Source("assumed", "no charge was published; the rise is that of a discharge"),
    "fast_second": Source("assumed", "charge transfer and near diffusion, order of 10 s"),
    "slow_second": Source("assumed", "diffusion, order of minutes"),
    "resistance_activation_kelvin": Source("assumed", "DC resistance of LFP cells moves by 2 to 3 %/K"),
    "capacity_celsius": Source("assumed", "knots of capacity_factor"),
    "capacity_factor": Source("assumed", "LFP loses 0.5 to 1 %/K below 25 degC and keeps 60 to 80 % at -20"),
    "coulombic_efficiency": Source("assumed", "a good LFP | graphite cell after formation"),
    "self_discharge_ampere": Source("assumed", "3 % of capacity in 30 d at 25 degC"),
    "self_discharge_activation_kelvin": Source("assumed", "50 kJ/mol: twice as fast about every 10 K"),
    "heat_capacity_joule_per_kelvin": Source("assumed", "a 40 g cell at 1.0 J/(g K)"),
    "thermal_resistance_kelvin_per_watt": Source("assumed", "4.2e-3 m2 in moving air at 15 W/(m2 K)"),
    "fade_per_equivalent_full_cycle": Source("assumed", "none: the default cell does not age"),
    "fade_per_day": Source("assumed", "none: the default cell does not age"),
    "fade_activation_kelvin": Source("assumed", "none: the default cell does not age"),
    "resistance_growth": Source("assumed", "none: the default cell does not age"),
}  # fmt: skip


@lru_cache(maxsize=1)
def lfp_cell() -> CellParameters:
    """The LFP 18650 of 2 Ah of the shipped sample; `sources` says of each number where it is from."""
    soc, ohmic, fast = zip(*_RESISTANCE, strict=True)
    capacity, knots, discharge = _discharge_branch()
    return CellParameters(
        name="virtual LFP 18650 (About:Energy sample)",
        capacity_ah=capacity,
        ocv_soc=tuple(knots.tolist()),
        ocv_volt=tuple((discharge + _HYSTERESIS_VOLT).tolist()),
        hysteresis_volt=_HYSTERESIS_VOLT,
        hysteresis_rate=60.0,
        resistance_soc=soc,
        ohmic_ohm=ohmic,
        fast_ohm=fast,
        slow_ohm=(_SLOW_OHM,) * len(soc),
        least_charge_soc=0.32,
        fast_second=12.0,
        slow_second=240.0,
        resistance_activation_kelvin=2200.0,
        capacity_celsius=(-20.0, 0.0, 10.0, 25.0, 45.0, 60.0),
        capacity_factor=(0.75, 0.88, 0.94, 1.0, 1.01, 1.01),
        coulombic_efficiency=0.9995,
        self_discharge_ampere=0.03 * capacity / (30.0 * 24.0),
        self_discharge_activation_kelvin=6000.0,
        heat_capacity_joule_per_kelvin=40.0,
        thermal_resistance_kelvin_per_watt=16.0,
        sources=_SOURCES,
    )


def _discharge_branch() -> tuple[float, Floats, Floats]:
    """Capacity [Ah], knots and open-circuit voltage on the way down, from the C/20 discharge [V]."""
    time, current, voltage = _sample("LFP_025degC_Co20_Dch.csv")
    moved = np.concatenate(([0.0], np.cumsum((current[1:] + current[:-1]) / 2 * np.diff(time)))) / 3600.0
    capacity = -float(moved[-1])
    found = 1.0 + moved / capacity
    # The first row is the cell at rest; the second, 2 ms later, is neither that nor C/20.
    relaxed = voltage - current * _PLATEAU_OHM
    keep = np.arange(len(found)) != 1
    knots = _knots()
    branch = np.interp(knots, found[keep][::-1], relaxed[keep][::-1])
    return capacity, knots, np.maximum.accumulate(branch)


def _knots() -> Floats:
    """Half a percent apart, closer at both ends, where the voltage is steep."""
    near = np.geomspace(2e-4, 0.02, 16)
    return np.unique(np.concatenate((np.linspace(0.0, 1.0, 201), near, 1.0 - near)))


def _sample(name: str) -> tuple[Floats, Floats, Floats]:
    from jeoul.samples import sample_path

    table = pl.read_csv(sample_path("about_energy_lfp") / name)
    time, current, voltage = (table[column].to_numpy().astype(np.float64) for column in table.columns)
    return time, current, voltage


def parameter_names() -> tuple[str, ...]:
    """Every parameter that needs a source."""
    return tuple(f.name for f in fields(CellParameters) if f.name not in ("name", "sources"))
