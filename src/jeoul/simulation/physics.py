"""A cell from porous-electrode theory, run by PyBaMM: a second judge whose physics we did not write.

It runs the plans that `run_plan` runs and gives the same rows and the same kind of truth. Its cell is a set
of parameters: first of all that of the sample cell, published with it in the format BPX (Battery Parameter
eXchange). PyBaMM is the extra ``physics``, imported when a cell is run, with its telemetry switched off.

Where it fails: one cell, no hysteresis of the open-circuit voltage (which an LFP cell has), no
self-discharge; the tester is exact (``control="truth"``); plans that decide as they run (`physics_gaps`). The
truth is that of the solver, to its tolerance: charge at constant current is exact, energy holds to 1e-5.

References: Doyle, Fuller and Newman 1993 (DFN); Marquis et al. 2019 (SPMe); Sulzer et al. 2021 (PyBaMM).
"""

from __future__ import annotations

import importlib
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from jeoul.errors import OutOfValidityError
from jeoul.plans import Execution, Plan
from jeoul.samples import sample_path
from jeoul.simulation.experiment import Lowered, Piece, lower_plan
from jeoul.simulation.history import SECOND_PER_HOUR, CircuitHistory, Samples, TrueStep, Truth
from jeoul.simulation.instrument import Instrument
from jeoul.simulation.parameters import KELVIN
from jeoul.simulation.recording import Log, record
from jeoul.simulation.run import RunStep, Simulated, step_type

Floats = NDArray[np.float64]
Model = Literal["SPM", "SPMe", "DFN"]
Ageing = Literal["none", "illustrative"]

SAMPLE_BPX = sample_path("about_energy_lfp") / "example_lfp_BPX.json"
"""The LFP 18650 of the shipped sample, by its publisher."""

FARADAY = 96485.33212
LONGEST_SECOND = 3e7
# A step that only a voltage or a current ends must reach it within a year.
BEYOND_VOLT = 0.5
# The model's own limits lie so far beyond those of the parameters: the plan's limits are to end a step.
RELATIVE_TOLERANCE = 1e-6
# Of the solver; its own 1e-4 is 0.03 K of a temperature in kelvin.
FINER = 32
# Points between two of the solver's, for integrals.

_VOLTAGE, _CURRENT = "Voltage [V]", "Current [A]"
_CELSIUS = "Volume-averaged cell temperature [K]"
_CHARGE = "Discharge capacity [A.h]"
_SEI = "Loss of lithium to negative SEI [mol]"
_AMBIENT, _INITIAL = "Ambient temperature [K]", "Initial temperature [K]"
_COOLING = "Total heat transfer coefficient [W.m-2.K-1]"
_BORROWED = "OKane2022"
_SEI_WORDS = ("SEI", "EC ", "solvent")

_REMARKS = {
    "Prada2013": "Prada2013 is called an LFP cell, but its graphite is that of an NMC cell (LG M50, Chen "
    "2020), since Prada gave none: its features in dQ/dV and its balance are those of no real cell."
}
_AGEING_REMARK = (
    "The growth of the SEI is that of an NMC cell (O'Kane 2022): illustrative, and no forecast of the life "
    "of an LFP cell."
)


@dataclass(frozen=True)
class PhysicsCell:
    """A cell for PyBaMM.

    parameters
        A BPX file (a `Path`, such as `SAMPLE_BPX`), or the name of a set of PyBaMM's own (a text).
    model
        ``SPM``, ``SPMe`` (with the electrolyte) or ``DFN`` (both electrodes resolved), rising in cost.
    heat_transfer_watt_per_square_metre_kelvin
        From the surface to the chamber, with one lump of heat; None: the cell is as warm as the chamber.
    ageing
        ``illustrative``: an SEI that grows by the diffusion of solvent. PyBaMM has no such set for LFP; the
        numbers are borrowed from that of an NMC cell.
    """

    parameters: Path | str
    model: Model
    heat_transfer_watt_per_square_metre_kelvin: float | None
    ageing: Ageing

    @property
    def name(self) -> str:
        """What it is called in a record."""
        source = self.parameters.name if isinstance(self.parameters, Path) else self.parameters
        return f"{self.model} of {source}"

    @property
    def remarks(self) -> tuple[str, ...]:
        """What must be said of results of this cell."""
        found = [_REMARKS[str(self.parameters)]] if self.parameters in _REMARKS else []
        return (*found, *([_AGEING_REMARK] if self.ageing == "illustrative" else []))

    @property
    def isothermal(self) -> bool:
        """Whether it has the temperature of the chamber at all times."""
        return self.heat_transfer_watt_per_square_metre_kelvin is None

    @cached_property
    def capacity_ah(self) -> float:
        """Charge between the states of charge 1 and 0 of its parameters, at no current [Ah]."""
        pybamm = _pybamm()
        with _quiet(pybamm):
            values, model = _values(pybamm, self), _model(pybamm, self)
            x_empty, x_full, *_ = pybamm.lithium_ion.ElectrodeSOHSolver(values).get_min_max_stoichiometries()
            return float(values.evaluate(model.param.n.prim.Q_init) * (x_full - x_empty))


def simulate_physics(
    plan: Plan, cell: PhysicsCell, *, soc: float, instrument: Instrument | None, seed: int, log: Log
) -> Simulated:
    """Run a plan on a physical cell and record it; the parallel of `run_plan`.

    soc
        State of charge of the relaxed cell before the test, by its parameters [1].
    instrument, seed, log
        As for `run_plan`; the instrument must control by the truth.

    The metadata of the record say in ``comment`` what must be said of the parameters.

    Raises `OutOfValidityError` where the extra is missing, where PyBaMM cannot say a step (`physics_gaps`),
    where a step is at its end before it begins, where it reaches the end of what the model can do, and for an
    instrument that controls by its readings.
    """
    if instrument is not None and instrument.control != "truth":
        raise OutOfValidityError("PyBaMM's tester is exact.", advice="Draw with control='truth'.")
    lowered = lower_plan(plan, isothermal=cell.isothermal)
    pybamm = _pybamm()
    with _quiet(pybamm):
        solutions = _solve(pybamm, lowered, cell, plan, soc)
        history = _history(lowered, solutions, cell, soc)
    channel = None if instrument is None else instrument.channel(seed)
    logs = [log.but(step.log) for _, step in lowered.steps]
    measurement = record(history, logs, channel, name=plan.name, item=cell.name, seed=seed)
    comment = " ".join(("simulated", *cell.remarks))
    metadata = {**measurement.metadata, "comment": comment}
    return Simulated(replace(measurement, metadata=metadata), Truth(history))


# --- PyBaMM -----------------------------------------------------------------------------------------


def _pybamm() -> Any:
    """The package, which must not ask or send anything."""
    os.environ["PYBAMM_DISABLE_TELEMETRY"] = "true"
    try:
        return importlib.import_module("pybamm")
    except ImportError as error:
        raise OutOfValidityError(
            "the physical cell needs the library 'pybamm', which is not installed.",
            advice="Install it: pip install 'jeoul[physics]'.",
        ) from error


@contextmanager
def _quiet(pybamm: Any) -> Iterator[None]:
    """Without PyBaMM's notes on old formats and on steps, of which we make errors of our own."""
    level = pybamm.logger.level
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pybamm.logger.setLevel("CRITICAL")
        try:
            yield
        finally:
            pybamm.logger.setLevel(level)


def _values(pybamm: Any, cell: PhysicsCell) -> Any:
    if isinstance(cell.parameters, Path):
        values = pybamm.ParameterValues.create_from_bpx(str(cell.parameters))
    else:
        values = pybamm.ParameterValues(cell.parameters)
    # Where the open-circuit voltages of full and empty are not told apart from the limits, they are those.
    for share, limit, sign in ((0, "Lower", -1.0), (100, "Upper", 1.0)):
        told = f"Open-circuit voltage at {share}% SOC [V]"
        cutoff = values[f"{limit} voltage cut-off [V]"]
        changes = {f"{limit} voltage cut-off [V]": cutoff + sign * BEYOND_VOLT}
        if told not in values:
            changes[told] = cutoff
        values.update(changes, check_already_exists=False)
    if cell.ageing == "illustrative":
        _borrow_ageing(pybamm, values)
    if cell.heat_transfer_watt_per_square_metre_kelvin is not None:
        cooling = {_COOLING: cell.heat_transfer_watt_per_square_metre_kelvin}
        values.update(cooling, check_already_exists=False)
    return values


def _borrow_ageing(pybamm: Any, values: Any) -> None:
    lender = pybamm.ParameterValues(_BORROWED)
    names = [name for name in lender.keys() if any(word in name for word in _SEI_WORDS)]  # noqa: SIM118
    missing = {name: lender[name] for name in names if name not in values}
    values.update(missing, check_already_exists=False)


def _model(pybamm: Any, cell: PhysicsCell) -> Any:
    options = {"thermal": "isothermal" if cell.isothermal else "lumped"}
    if cell.ageing == "illustrative":
        options["SEI"] = "solvent-diffusion limited"
    return getattr(pybamm.lithium_ion, cell.model)(options)


def _solve(pybamm: Any, lowered: Lowered, cell: PhysicsCell, plan: Plan, soc: float) -> list[Any | None]:
    """The solution of each piece; None for one that was skipped."""
    values, model = _values(pybamm, cell), _model(pybamm, cell)
    kelvin = plan.temperature_celsius + KELVIN
    values.update({_AMBIENT: kelvin, _INITIAL: kelvin}, check_already_exists=False)
    cooling = 0.0 if cell.isothermal else _cooling_per_second(pybamm, values, model)
    steps = [_experiment_step(pybamm, piece, cooling) for piece in lowered.pieces]
    experiment = pybamm.Experiment([(step,) for step in steps])
    solver = pybamm.IDAKLUSolver(rtol=RELATIVE_TOLERANCE, atol=RELATIVE_TOLERANCE)
    simulation = pybamm.Simulation(model, parameter_values=values, experiment=experiment, solver=solver)
    try:
        solution = simulation.solve(initial_soc=soc)
    except (pybamm.SolverError, ValueError, KeyError) as error:
        raise OutOfValidityError(f"PyBaMM could not run '{plan.name}': {error}") from error
    done = [cycle.steps[0] for cycle in solution.cycles if cycle is not None]
    return _matched(lowered, done)


def _cooling_per_second(pybamm: Any, values: Any, model: Any) -> float:
    """1 / tau of the lump of heat [1/s]."""
    heat = values.evaluate(model.param.therm.rho_c_p_eff(pybamm.Scalar(values[_AMBIENT])))
    area, volume = values["Cell cooling surface area [m2]"], values["Cell volume [m3]"]
    return float(values[_COOLING] * area / volume / heat)


def _experiment_step(pybamm: Any, piece: Piece, cooling: float) -> Any:
    """A piece as PyBaMM says it, in which a discharge is positive."""
    kelvin = piece.celsius + KELVIN
    ends = []
    if piece.voltage_volt is not None:
        ends.append(f"{piece.voltage_volt!r} V")
    if piece.current_ampere is not None:
        ends.append(f"{piece.current_ampere!r} A")
    if piece.slope_kelvin_per_hour is not None:
        ends.append(_soaked(pybamm, piece.slope_kelvin_per_hour, kelvin, cooling))
    make = getattr(pybamm.step, piece.held)
    sign = 1.0 if piece.held == "voltage" else -1.0
    options = {"termination": ends or None, "temperature": kelvin, "skip_ok": piece.may_be_skipped}
    if isinstance(piece.value, tuple):
        return make(np.array([(second, sign * value) for second, value in piece.value]), **options)
    second = LONGEST_SECOND if piece.second is None else piece.second
    if piece.value == 0.0:
        return pybamm.step.rest(second, **options)
    return make(sign * piece.value, duration=second, **options)


def _soaked(pybamm: Any, slope: float, kelvin: float, cooling: float) -> Any:
    """The event that dT/dt has fallen to so many K/h; at rest it is the distance to the chamber over tau."""

    def above(variables: Any) -> Any:
        return abs(kelvin - variables[_CELSIUS]) * cooling * SECOND_PER_HOUR - slope

    return pybamm.step.CustomTermination(f"dT/dt at {slope!r} K/h of {kelvin!r} K", above)


# --- what came back -----------------------------------------------------------------------------------


def _matched(lowered: Lowered, done: Sequence[Any]) -> list[Any | None]:
    """The solutions beside their pieces; only the CC of a CC-CV is skipped, and only it ends by voltage."""
    found: list[Any | None] = []
    left = list(done)
    for piece in lowered.pieces:
        if piece.may_be_skipped and left and not _by(left[0], "Voltage"):
            found.append(None)
            continue
        if not left:
            step_id = lowered.steps[piece.step][0].step_id
            raise OutOfValidityError(
                f"PyBaMM could not run step {step_id} to its end.",
                advice="It may be at its end before it begins, or beyond the voltages that the model knows.",
            )
        _check_end(lowered, piece, left[0])
        found.append(left.pop(0))
    return found


def _by(solution: Any, word: str) -> bool:
    """Whether an event of this kind ended it."""
    return str(solution.termination).startswith("event: ") and word in str(solution.termination)


def _check_end(lowered: Lowered, piece: Piece, solution: Any) -> None:
    step_id = lowered.steps[piece.step][0].step_id
    by_time = solution.termination == "final time"
    if piece.must_last and not by_time:
        raise OutOfValidityError(f"step {step_id}: {piece.must_last}.", advice="Use run_plan.")
    if piece.second is None and by_time:
        raise OutOfValidityError(f"step {step_id} did not reach its end within a year.")
    if not by_time and "[experiment]" not in str(solution.termination):
        raise OutOfValidityError(f"step {step_id} left what the model knows: {solution.termination}.")


def _reason(piece: Piece, solution: Any) -> str:
    kinds = {"Voltage": "voltage", "Current": "current", "dT/dt": "temperature"}
    return next((reason for word, reason in kinds.items() if _by(solution, word)), piece.reason)


class PhysicsTrack:
    """One executed step: one solution of PyBaMM, or two of a CC-CV step, behind each other."""

    def __init__(self, solutions: Sequence[Any]) -> None:
        self._ask = [{name: s[name] for name in (_VOLTAGE, _CURRENT, _CELSIUS)} for s in solutions]
        self._spans = [(float(s.t[0]), float(s.t[-1])) for s in solutions]
        lengths = [end - begin for begin, end in self._spans]
        self.start = np.concatenate(([0.0], np.cumsum(lengths)))
        self._fine = self._grid(solutions)

    def samples(self, after: Floats) -> Samples:
        """Voltage, current and temperature at these times after the edge."""
        place = np.clip(np.searchsorted(self.start, after, side="right") - 1, 0, len(self._spans) - 1)
        columns = np.empty((3, len(after)))
        for number, (begin, end) in enumerate(self._spans):
            chosen = place == number
            if chosen.any():
                at = np.clip(begin + after[chosen] - self.start[number], begin, end)
                columns[:, chosen] = [np.atleast_1d(ask(at)) for ask in self._ask[number].values()]
        return Samples(columns[0], -columns[1], columns[2] - KELVIN)

    def cells(self, after: Floats) -> tuple[Samples, ...]:
        """It is one cell."""
        return ()

    def passed(self, after: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Charge in and out [C], energy in and out [J] by the trapezoid between close points."""
        at, sums = self._fine
        found = [np.interp(after, at, column) for column in sums]
        return found[0], found[1], found[2], found[3]

    def _grid(self, solutions: Sequence[Any]) -> tuple[Floats, Floats]:
        at, sums = [np.array([0.0])], [np.zeros((4, 1))]
        for number, (solution, (begin, _)) in enumerate(zip(solutions, self._spans, strict=True)):
            times = _finer(np.asarray(solution.t, dtype=np.float64))
            volt, ampere = (np.asarray(self._ask[number][name](times)) for name in (_VOLTAGE, _CURRENT))
            flows = np.array([np.maximum(-ampere, 0.0), np.maximum(ampere, 0.0)])
            flows = np.concatenate((flows, flows * volt))
            steps = (flows[:, 1:] + flows[:, :-1]) / 2 * np.diff(times)
            at.append(self.start[number] + times[1:] - begin)
            sums.append(sums[-1][:, -1:] + np.cumsum(steps, axis=1))
        return np.concatenate(at), np.concatenate(sums, axis=1)


def _finer(times: Floats) -> Floats:
    """With more points between any two."""
    parts = np.linspace(times[:-1], times[1:], FINER, endpoint=False, axis=1)
    return np.append(parts.ravel(), times[-1])


def _history(
    lowered: Lowered, solutions: Sequence[Any | None], cell: PhysicsCell, soc: float
) -> CircuitHistory:
    pairs = [(p, s) for p, s in zip(lowered.pieces, solutions, strict=True) if s is not None]
    steps: list[TrueStep] = []
    tracks: list[PhysicsTrack] = []
    for number, (execution, step) in enumerate(lowered.steps):
        own = [(piece, solution) for piece, solution in pairs if piece.step == number]
        track = PhysicsTrack([solution for _, solution in own])
        steps.append(_true_step(execution, step, own, track, steps, cell, soc))
        tracks.append(track)
    return CircuitHistory(tuple(steps), tuple(tracks))


def _true_step(
    execution: Execution,
    step: RunStep,
    own: Sequence[tuple[Piece, Any]],
    track: PhysicsTrack,
    before: Sequence[TrueStep],
    cell: PhysicsCell,
    soc: float,
) -> TrueStep:
    begin = before[-1].end_second if before else 0.0
    charge_in, charge_out, energy_in, energy_out = (
        float(x[0]) / SECOND_PER_HOUR for x in track.passed(track.start[-1:])
    )
    soc_start = before[-1].soc_end if before else soc
    piece, last = own[-1]
    return TrueStep(
        step_count=len(before) + 1,
        step_id=execution.step_id,
        cycle_count=execution.cycle_count,
        step_type=step_type(step),
        start_second=begin,
        end_second=begin + float(track.start[-1]),
        reason=_reason(piece, last),
        charge_ah=charge_in,
        discharge_ah=charge_out,
        charge_wh=energy_in,
        discharge_wh=energy_out,
        self_discharged_ah=0.0,
        soc_start=soc_start,
        soc_end=soc_start + (charge_in - charge_out) / cell.capacity_ah,
        chamber_celsius=piece.celsius,
        capacity_lost=_lost(cell, last),
    )


def _lost(cell: PhysicsCell, solution: Any) -> float:
    """Charge of the lithium that the SEI holds, over the capacity; counted from the start of the test."""
    if cell.ageing == "none":
        return 0.0
    return float(solution[_SEI].entries[-1]) * FARADAY / SECOND_PER_HOUR / cell.capacity_ah
