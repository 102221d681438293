"""The virtual cycler: a test plan run on a cell whose truth is known, by a tester whose errors are drawn.

::

    parameters.py    what the default LFP cell is made of, and where each number is from
    circuit.py       the cell: an equivalent circuit in ticks of closed form
    control.py       the tester's side: what is held, and when it stops
    run.py           a plan, step by step
    history.py       the truth of a run
    closed_form.py   a second cell, whose every answer is arithmetic
    instrument.py    errors drawn from an accuracy, put on the truth
    recording.py     rows at logging times
    writing.py       files: Parquet, and text like that of Arbin, Neware and Maccor

A wing beside the path: it uses the path's contracts, and the path never imports it.
"""

from jeoul.simulation.circuit import EquivalentCircuit, State
from jeoul.simulation.closed_form import ClosedFormCell, Segment, run_segments
from jeoul.simulation.history import TrueStep, Truth
from jeoul.simulation.instrument import Instrument, draw_instrument
from jeoul.simulation.parameters import CellParameters, lfp_cell
from jeoul.simulation.recording import Log
from jeoul.simulation.run import Simulated, run_plan
from jeoul.simulation.writing import write_arbin_csv, write_maccor_text, write_neware_csv, write_parquet

__all__ = [
    "CellParameters",
    "ClosedFormCell",
    "EquivalentCircuit",
    "Instrument",
    "Log",
    "Segment",
    "Simulated",
    "State",
    "TrueStep",
    "Truth",
    "draw_instrument",
    "lfp_cell",
    "run_plan",
    "run_segments",
    "write_arbin_csv",
    "write_maccor_text",
    "write_neware_csv",
    "write_parquet",
]
