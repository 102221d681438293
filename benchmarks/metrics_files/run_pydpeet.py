"""pydpeet's answers, from time, voltage and current alone."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pydpeet
from answer import Values, answer

TITLES = {"Test Time / s": "Test_Time[s]", "Voltage / V": "Voltage[V]", "Current / A": "Current[A]"}


def read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path).rename(columns=TITLES).astype(float)


def steps(rows: pd.DataFrame) -> Values:
    """Of its primitive segments."""
    found = pydpeet.add_primitive_segments(rows, pydpeet.PrimitiveConfig.DEFAULT)
    each = found.groupby("ID").agg(kind=("Type", "first"), mean=("Current[A]", "mean"))
    moving = {"charge": each["mean"] > 1e-3, "discharge": each["mean"] < -1e-3}
    counts = {word: float(mask.sum()) for word, mask in moving.items()}
    rest = float(len(each)) - sum(counts.values())
    return {"steps": {"all": float(len(each)), **counts, "rest": rest}}


if __name__ == "__main__":
    answer("pydpeet", {"steps": (read, steps)})
