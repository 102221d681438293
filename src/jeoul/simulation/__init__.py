"""The virtual cycler: a test plan run on a cell whose truth is known, by a tester whose errors are drawn.

::

    parameters.py    what the default LFP cell is made of, and where each number is from
    circuit.py       the cell: an equivalent circuit in ticks of closed form
    cell.py          what the tester asks of a cell
    module.py        several in series, each recorded
    experiment.py    a plan in the words of a PyBaMM experiment
    physics.py       a cell from porous-electrode theory, run by PyBaMM (extra `physics`)
    faults.py        a record damaged in one way
    control.py       the tester's side: what is held, and when it stops
    run.py           a plan, step by step
    rehearsal.py     a plan on an assumed cell, before a channel is booked
    history.py       the truth of a run
    closed_form.py   a second cell, whose every answer is arithmetic
    instrument.py    errors drawn from an accuracy, put on the truth
    recording.py     rows at logging times
    writing.py       files: Parquet, and text like that of Arbin, Neware and Maccor
    stimulus.py      a record of a chamber or a bench, of a clause that no cycler runs, kept or broken
    stimulus_story.py  which column goes where, and when
    stimulus_seen.py   what people would have seen

A wing beside the path: it uses the path's contracts, and the path never imports it.
"""

from jeoul.simulation.cell import VirtualCell
from jeoul.simulation.circuit import EquivalentCircuit, State
from jeoul.simulation.closed_form import ClosedFormCell, Segment, run_segments
from jeoul.simulation.experiment import physics_gaps
from jeoul.simulation.faults import keep_every, lose_rows, lose_sensor, stick_sensor, stop_record
from jeoul.simulation.history import TrueStep, Truth
from jeoul.simulation.instrument import Instrument, draw_instrument
from jeoul.simulation.module import PackState, Spread, VirtualPack, draw_cells
from jeoul.simulation.parameters import CellParameters, lfp_cell
from jeoul.simulation.physics import SAMPLE_BPX, PhysicsCell, simulate_physics
from jeoul.simulation.recording import Log
from jeoul.simulation.rehearsal import Rehearsal, assumed_cell, rehearse
from jeoul.simulation.run import Simulated, run_plan
from jeoul.simulation.stimulus import Break, Stimulus, columns_profile, stimulus_record, ways_to_break
from jeoul.simulation.writing import write_arbin_csv, write_maccor_text, write_neware_csv, write_parquet

__all__ = [
    "SAMPLE_BPX",
    "Break",
    "CellParameters",
    "ClosedFormCell",
    "EquivalentCircuit",
    "Instrument",
    "Log",
    "PackState",
    "PhysicsCell",
    "Rehearsal",
    "Segment",
    "Simulated",
    "Spread",
    "State",
    "Stimulus",
    "TrueStep",
    "Truth",
    "VirtualCell",
    "VirtualPack",
    "assumed_cell",
    "columns_profile",
    "draw_cells",
    "draw_instrument",
    "keep_every",
    "lfp_cell",
    "lose_rows",
    "lose_sensor",
    "physics_gaps",
    "rehearse",
    "run_plan",
    "run_segments",
    "simulate_physics",
    "stick_sensor",
    "stimulus_record",
    "stop_record",
    "ways_to_break",
    "write_arbin_csv",
    "write_maccor_text",
    "write_neware_csv",
    "write_parquet",
]
