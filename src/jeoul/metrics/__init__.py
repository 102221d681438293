"""Stage 3: steps -> measured values with their uncertainty. One module for each physical topic.

::

    capacity.py     charge and energy in and out, mean voltage
    efficiency.py   coulombic, energy, voltage and round-trip efficiency
    rate.py         current over rated capacity
    resistance.py   DC resistance at a time after an edge, its ohmic and polarisation parts
    hppc.py         resistance by state of charge and temperature
    pulse_profile.py  the pulse profiles of packs
    power.py        power of a pulse and at voltage limits
    state_of_charge.py  charge counted from a full charge
    open_circuit.py  open-circuit voltage, hysteresis, relaxation
    throughput.py   what passed in all, constant voltage, results per mass, volume and area
    taper.py        how a constant voltage ended and how fast its current fell
    readings.py     voltage and current of one moment, with shared errors
    voltage.py      voltage at the end of a rest
    temperature.py  extremes and rise
    thermal.py      spread, sustained rise, soak and stability
    self_discharge.py  by voltage, by charge difference, by storage
    ageing.py       retention, growth, fade, cycle life, knee
    incremental_capacity.py  dQ/dV and dV/dQ with their peaks
    pack.py         cells against each other
    insulation.py   the voltmeter method
    impedance/      spectra: validity, relaxation times, circuits
    contributions.py  cut-off, temperature, leads and timing, added to any result
    repeats.py      the mean of repeats, with their scatter
    catalogue.py    every metric, one row each; `measure_steps` for all of a file
    cycles.py       sums and efficiencies of every cycle
"""

from jeoul.metrics.ageing import (
    cycle_life,
    declared,
    fade,
    fade_per_cycle,
    fade_per_day,
    fade_per_equivalent_full_cycle,
    fade_per_throughput,
    knee,
    resistance_growth,
    retention,
)
from jeoul.metrics.capacity import (
    charge_capacity,
    charge_energy,
    discharge_capacity,
    discharge_energy,
    mean_charge_voltage,
    mean_discharge_voltage,
)
from jeoul.metrics.catalogue import CATALOGUE, Metric, find_metric, measure_steps
from jeoul.metrics.contributions import (
    add_timing,
    at_current_cut_off,
    at_temperature,
    at_terminals,
    at_voltage_cut_off,
    end_slope,
)
from jeoul.metrics.cycles import cycle_table, measure_cycles
from jeoul.metrics.efficiency import (
    coulombic_efficiency,
    energy_efficiency,
    round_trip_efficiency,
    voltage_efficiency,
)
from jeoul.metrics.hppc import HppcPoint, HppcTable, hppc_table
from jeoul.metrics.impedance import (
    CircuitFit,
    ImpedanceAccuracy,
    KramersKronig,
    RelaxationPeak,
    RelaxationTimes,
    Spectrum,
    fit_circuit,
    impedance_at_frequency,
    kramers_kronig,
    make_spectrum,
    relaxation_times,
    spectrum_of,
)
from jeoul.metrics.incremental_capacity import (
    Curve,
    Peak,
    differential_voltage_curve,
    graphite_stage_charge,
    incremental_capacity_curve,
    incremental_capacity_peak_area,
    incremental_capacity_peak_voltage,
)
from jeoul.metrics.insulation import (
    insulation_per_volt,
    insulation_resistance,
    read_by_hand,
)
from jeoul.metrics.open_circuit import (
    QuasiOcv,
    RelaxationFit,
    RelaxedPoint,
    quasi_ocv,
    relaxation_fit,
    relaxed_points,
    relaxed_voltage,
)
from jeoul.metrics.pack import (
    cell_numbers,
    cell_voltage_spread,
    cell_voltages,
    charge_imbalance,
    weakest_cell_margin,
)
from jeoul.metrics.power import (
    PowerTable,
    charge_power_capability,
    discharge_power_capability,
    peak_power,
    power_table,
    pulse_power,
)
from jeoul.metrics.pulse_profile import PROFILES, ProfileResult, find_pulse_profiles, pulse_profile
from jeoul.metrics.rate import rate
from jeoul.metrics.repeats import add_repeatability, mean_of_repeats
from jeoul.metrics.resistance import (
    ResistanceParts,
    dc_resistance,
    ohmic_resistance,
    polarisation_resistance,
    relaxation_resistance,
    resistance_parts,
)
from jeoul.metrics.self_discharge import (
    charge_recovery,
    charge_retention,
    irreversible_loss,
    reversible_loss,
    self_discharge_current,
    self_discharge_rate,
    storage_self_discharge,
    voltage_decay_rate,
)
from jeoul.metrics.state_of_charge import (
    SocCurve,
    state_of_charge,
    state_of_charge_curve,
    state_of_charge_rows,
)
from jeoul.metrics.taper import taper_end_current, taper_end_rate, taper_time_constant
from jeoul.metrics.temperature import temperature_maximum, temperature_minimum, temperature_rise
from jeoul.metrics.thermal import (
    soak_time,
    stability_time,
    sustained_temperature_rate,
    temperature_sensors,
    temperature_spread,
)
from jeoul.metrics.throughput import (
    areal_discharge_capacity,
    capacity_since_full_charge,
    capacity_throughput,
    cv_share,
    energy_since_full_charge,
    energy_throughput,
    equivalent_full_cycles,
    measured_size,
    net_capacity,
    net_energy,
    per_size,
    specific_discharge_capacity,
    specific_discharge_energy,
    taper_time,
    volumetric_discharge_energy,
)
from jeoul.metrics.voltage import rest_voltage

__all__ = [
    "CATALOGUE",
    "PROFILES",
    "CircuitFit",
    "Curve",
    "HppcPoint",
    "HppcTable",
    "ImpedanceAccuracy",
    "KramersKronig",
    "Metric",
    "Peak",
    "PowerTable",
    "ProfileResult",
    "QuasiOcv",
    "RelaxationFit",
    "RelaxationPeak",
    "RelaxationTimes",
    "RelaxedPoint",
    "ResistanceParts",
    "SocCurve",
    "Spectrum",
    "add_repeatability",
    "add_timing",
    "areal_discharge_capacity",
    "at_current_cut_off",
    "at_temperature",
    "at_terminals",
    "at_voltage_cut_off",
    "capacity_since_full_charge",
    "capacity_throughput",
    "cell_numbers",
    "cell_voltage_spread",
    "cell_voltages",
    "charge_capacity",
    "charge_energy",
    "charge_imbalance",
    "charge_power_capability",
    "charge_recovery",
    "charge_retention",
    "coulombic_efficiency",
    "cv_share",
    "cycle_life",
    "cycle_table",
    "dc_resistance",
    "declared",
    "differential_voltage_curve",
    "discharge_capacity",
    "discharge_energy",
    "discharge_power_capability",
    "end_slope",
    "energy_efficiency",
    "energy_since_full_charge",
    "energy_throughput",
    "equivalent_full_cycles",
    "fade",
    "fade_per_cycle",
    "fade_per_day",
    "fade_per_equivalent_full_cycle",
    "fade_per_throughput",
    "find_metric",
    "find_pulse_profiles",
    "fit_circuit",
    "graphite_stage_charge",
    "hppc_table",
    "impedance_at_frequency",
    "incremental_capacity_curve",
    "incremental_capacity_peak_area",
    "incremental_capacity_peak_voltage",
    "insulation_per_volt",
    "insulation_resistance",
    "irreversible_loss",
    "knee",
    "kramers_kronig",
    "make_spectrum",
    "mean_charge_voltage",
    "mean_discharge_voltage",
    "mean_of_repeats",
    "measure_cycles",
    "measure_steps",
    "measured_size",
    "net_capacity",
    "net_energy",
    "ohmic_resistance",
    "peak_power",
    "per_size",
    "polarisation_resistance",
    "power_table",
    "pulse_power",
    "pulse_profile",
    "quasi_ocv",
    "rate",
    "read_by_hand",
    "relaxation_fit",
    "relaxation_resistance",
    "relaxation_times",
    "relaxed_points",
    "relaxed_voltage",
    "resistance_growth",
    "resistance_parts",
    "rest_voltage",
    "retention",
    "reversible_loss",
    "round_trip_efficiency",
    "self_discharge_current",
    "self_discharge_rate",
    "soak_time",
    "specific_discharge_capacity",
    "specific_discharge_energy",
    "spectrum_of",
    "stability_time",
    "state_of_charge",
    "state_of_charge_curve",
    "state_of_charge_rows",
    "storage_self_discharge",
    "sustained_temperature_rate",
    "taper_end_current",
    "taper_end_rate",
    "taper_time",
    "taper_time_constant",
    "temperature_maximum",
    "temperature_minimum",
    "temperature_rise",
    "temperature_sensors",
    "temperature_spread",
    "voltage_decay_rate",
    "voltage_efficiency",
    "volumetric_discharge_energy",
    "weakest_cell_margin",
]
