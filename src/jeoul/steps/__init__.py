"""Stage 2: the canonical table -> executed steps and cycles."""

from jeoul.steps.steps import STEP_COLUMNS, Direction, Mode, Step, Steps

__all__ = ["STEP_COLUMNS", "Direction", "Mode", "Step", "Steps"]
