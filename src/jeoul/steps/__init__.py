"""Stage 2: the canonical table -> executed steps and cycles."""

from jeoul.steps.classify import cv_start
from jeoul.steps.cycles import CYCLE_COLUMNS, Cycles, find_cycles
from jeoul.steps.find import find_steps
from jeoul.steps.steps import STEP_COLUMNS, Direction, Mode, Step, Steps
from jeoul.steps.trace import trace

__all__ = [
    "CYCLE_COLUMNS",
    "STEP_COLUMNS",
    "Cycles",
    "Direction",
    "Mode",
    "Step",
    "Steps",
    "cv_start",
    "find_cycles",
    "find_steps",
    "trace",
]
