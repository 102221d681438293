"""A plan rehearsed on an assumed cell, before a channel is booked: how long it takes, what it moves.

The cell is the LFP cell of the shipped sample, scaled to the item: capacity in proportion, resistance and
thermal resistance inversely, cells in series as so many equal ones. What an item of another make would do is
not known here, and a rehearsal says nothing of whether an item passes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from jeoul.errors import OutOfValidityError
from jeoul.plans import Plan
from jeoul.simulation.circuit import EquivalentCircuit
from jeoul.simulation.history import TrueStep
from jeoul.simulation.parameters import CellParameters, lfp_cell
from jeoul.simulation.recording import Log
from jeoul.simulation.run import Simulated, run_plan

LEAST_FULL_VOLT, MOST_FULL_VOLT = 3.45, 3.8
"""End-of-charge voltages of one LFP cell."""
SPARSE = Log(3600.0, 3600.0, 60.0, 60.0, None, None)


@dataclass(frozen=True)
class Rehearsal:
    """What truly happened to the assumed cell.

    assumed
        The cell, in a sentence for whoever reads the figures.
    """

    simulated: Simulated
    assumed: str

    @property
    def steps(self) -> tuple[TrueStep, ...]:
        """Every executed step with its reason to end, charges and energies."""
        return self.simulated.truth.steps

    @property
    def second(self) -> float:
        """The length of the run [s]."""
        return self.steps[-1].end_second

    def total(self, quantity: str) -> float:
        """The sum of ``charge_ah``, ``discharge_ah``, ``charge_wh`` or ``discharge_wh`` over all steps."""
        return sum(float(getattr(step, quantity)) for step in self.steps)


def rehearse(plan: Plan, declared: Mapping[str, float], *, soc: float, log: Log = SPARSE) -> Rehearsal:
    """Run a plan on the assumed cell, scaled to what the item declares, from a state of charge.

    declared
        Numbers of the item: ``rated_capacity_ah``, ``end_of_charge_voltage_volt``, ``cells_in_series``.

    Raises `OutOfValidityError` for an item whose end-of-charge voltage is not that of LFP cells in series,
    and for a plan that the virtual cycler does not run (impedance).
    """
    parameters = assumed_cell(declared)
    cell = EquivalentCircuit(parameters)
    start = cell.at_rest(soc=soc, celsius=plan.temperature_celsius, branch=-1.0)
    simulated = run_plan(plan, cell, start=start, instrument=None, seed=0, log=log)
    words = f"assumed: {parameters.name} scaled to {parameters.capacity_ah:.4g} Ah, beginning at {soc:.0%}"
    return Rehearsal(simulated, words)


def assumed_cell(declared: Mapping[str, float]) -> CellParameters:
    """The sample's LFP cell scaled to an item: capacity n, resistance 1/n, and cells in series N-fold."""
    series = round(declared.get("cells_in_series", 1.0))
    full = declared.get("end_of_charge_voltage_volt", 3.65 * series) / series
    if not LEAST_FULL_VOLT <= full <= MOST_FULL_VOLT:
        raise OutOfValidityError(
            f"an end-of-charge voltage of {full:.4g} V a cell is not that of LFP, which is assumed.",
            advice="Declare cells_in_series of a module; of another chemistry take the estimate.",
        )
    sample = lfp_cell()
    return in_series(scaled(sample, declared["rated_capacity_ah"] / sample.capacity_ah), series)


def scaled(cell: CellParameters, factor: float) -> CellParameters:
    """The same make, larger: it warms at the same rate and in the same time."""
    return replace(
        cell.scaled(capacity=factor, resistance=1.0 / factor),
        self_discharge_ampere=cell.self_discharge_ampere * factor,
        heat_capacity_joule_per_kelvin=cell.heat_capacity_joule_per_kelvin * factor,
        thermal_resistance_kelvin_per_watt=cell.thermal_resistance_kelvin_per_watt / factor,
    )


def in_series(cell: CellParameters, count: int) -> CellParameters:
    """So many equal cells in series as one: voltages, resistances and heat times their number."""
    of_one = cell.scaled(capacity=1.0, resistance=float(count))
    return replace(
        of_one,
        ocv_volt=tuple(volt * count for volt in cell.ocv_volt),
        hysteresis_volt=cell.hysteresis_volt * count,
        heat_capacity_joule_per_kelvin=cell.heat_capacity_joule_per_kelvin * count,
        thermal_resistance_kelvin_per_watt=cell.thermal_resistance_kelvin_per_watt / count,
    )
