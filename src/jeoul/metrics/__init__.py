"""Stage 3: steps -> measured values with their uncertainty. One module for each physical topic.

::

    capacity.py     charge and energy in and out, mean voltage
    efficiency.py   coulombic and energy efficiency
    rate.py         current over rated capacity
    resistance.py   DC resistance at a time after an edge
    voltage.py      voltage at the end of a rest
    temperature.py  extremes and rise
    catalogue.py    every metric, one row each; `measure_steps` for all of a file
    cycles.py       sums and efficiencies of every cycle
"""

from jeoul.metrics.capacity import (
    charge_capacity,
    charge_energy,
    discharge_capacity,
    discharge_energy,
    mean_charge_voltage,
    mean_discharge_voltage,
)
from jeoul.metrics.catalogue import CATALOGUE, Metric, find_metric, measure_steps
from jeoul.metrics.cycles import measure_cycles
from jeoul.metrics.efficiency import coulombic_efficiency, energy_efficiency
from jeoul.metrics.rate import rate
from jeoul.metrics.resistance import dc_resistance
from jeoul.metrics.temperature import temperature_maximum, temperature_minimum, temperature_rise
from jeoul.metrics.voltage import rest_voltage

__all__ = [
    "CATALOGUE",
    "Metric",
    "charge_capacity",
    "charge_energy",
    "coulombic_efficiency",
    "dc_resistance",
    "discharge_capacity",
    "discharge_energy",
    "energy_efficiency",
    "find_metric",
    "mean_charge_voltage",
    "mean_discharge_voltage",
    "measure_cycles",
    "measure_steps",
    "rate",
    "rest_voltage",
    "temperature_maximum",
    "temperature_minimum",
    "temperature_rise",
]
