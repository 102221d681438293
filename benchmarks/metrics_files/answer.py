"""What every program is asked and how it answers; runs in any environment, with the standard library alone.

    python run_NAME.py CASE FILE REPEAT

prints one line of JSON: the version, the least CPU seconds of reading the file and of what comes after it (this
process and its children, over REPEAT runs after one that warms up), and the numbers as
``{metric: {place: value}}``.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import math
import resource
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

LEAST_APART_VOLT = 0.020
Values = dict[str, dict[str, float]]
Case = tuple[Callable[[Path], Any], Callable[[Any], Values]]
"""Read a file; measure what was read."""


def cpu_second() -> float:
    """CPU time of this process and of the children it has waited for. [s]"""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def least_cpu(case: Case, path: Path, repeat: int) -> tuple[list[float], Values]:
    """The least CPU seconds of reading and of measuring, after a run that warms up, and the last values."""
    read, measure = case
    values, least = measure(read(path)), [math.inf, math.inf]
    for _ in range(repeat):
        start = cpu_second()
        loaded = read(path)
        between = cpu_second()
        values = measure(loaded)
        least = [min(a, b) for a, b in zip(least, (between - start, cpu_second() - between), strict=True)]
    return least, values


def finite(values: Values) -> Values:
    """Without what has no number."""
    return {
        metric: {str(k): float(v) for k, v in places.items() if v is not None and math.isfinite(v)}
        for metric, places in values.items()
    }


def answer(package: str, cases: dict[str, Case]) -> None:
    """Run the case that the command line names and print the answer; an error is an answer too."""
    name, path, repeat = sys.argv[1], Path(sys.argv[2]).resolve(), int(sys.argv[3])
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    said: dict[str, object] = {"version": version(package)}
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            seconds, values = least_cpu(cases[name], path, repeat)
            said |= {"cpu_second": seconds, "values": finite(values)}
        except Exception as error:  # whatever a program says is what is shown
            said["error"] = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:90]
    print(json.dumps(said))


def highest_peaks(x: Sequence[float], y: Sequence[float], count: int) -> dict[str, float]:
    """Positions of the most prominent maxima of a curve, numbered from the highest position down.

    For programs that give a curve and no peaks: at least 20 mV apart, as any reader of the curve would
    take them, and a parabola through the three points at each.
    """
    import numpy as np
    from scipy.signal import find_peaks

    order = np.argsort(x)
    across, up = np.asarray(x, dtype=float)[order], np.asarray(y, dtype=float)[order]
    places, found = find_peaks(up, prominence=0.0)
    best: list[int] = []
    for place in places[np.argsort(found["prominences"])[::-1]]:
        if len(best) < count and all(abs(across[place] - across[other]) > LEAST_APART_VOLT for other in best):
            best.append(int(place))
    tops = sorted((_top(across, up, place) for place in best), reverse=True)
    return {str(n): top for n, top in enumerate(tops, start=1)}


def _top(x, y, place: int) -> float:
    import numpy as np

    near = slice(place - 1, place + 2)
    if len(set(x[near])) < 3:
        return float(x[place])
    a, b, _ = np.polyfit(x[near] - x[place], y[near], 2)
    return float(x[place] + (-b / (2 * a) if a < 0 else 0.0))
