"""Stage 2: the canonical table -> executed steps and cycles."""

from jeoul.steps.blocks import BLOCK_COLUMNS, find_blocks
from jeoul.steps.classify import cv_start
from jeoul.steps.cycles import CYCLE_COLUMNS, Cycles, find_cycles
from jeoul.steps.find import find_steps
from jeoul.steps.pauses import PAUSE_COLUMNS, find_pauses
from jeoul.steps.sequences import SEQUENCE_COLUMNS, find_sequences
from jeoul.steps.steps import STEP_COLUMNS, Direction, Mode, Step, Steps
from jeoul.steps.taper import TAPER_COLUMNS, find_tapers
from jeoul.steps.trace import trace

__all__ = [
    "BLOCK_COLUMNS",
    "CYCLE_COLUMNS",
    "PAUSE_COLUMNS",
    "SEQUENCE_COLUMNS",
    "STEP_COLUMNS",
    "TAPER_COLUMNS",
    "Cycles",
    "Direction",
    "Mode",
    "Step",
    "Steps",
    "cv_start",
    "find_blocks",
    "find_cycles",
    "find_pauses",
    "find_sequences",
    "find_steps",
    "find_tapers",
    "trace",
]
