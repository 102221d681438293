"""ampworks' answers."""

from __future__ import annotations

from functools import partial

import ampworks as amp
import numpy as np
from answer import Values, answer, highest_peaks


def pulses(data, times: tuple[float, ...], longest: float) -> Values:
    """Of every discharge pulse."""
    table = amp.hppc.extract_impedance(data, tmax=longest, sample_times=list(times))
    table = table[table["State"] == "D"]
    return {
        f"R at {t:g} s, discharge [ohm]": {
            str(n): value for n, value in enumerate(table[f"Ohms_{k}"], start=1)
        }
        for k, t in enumerate(times, start=2)
    }


def peaks(data, smoothing: float) -> Values:
    """Of its spline."""
    run = data[data["Amps"] < 0].drop(columns=[c for c in ("Ah",) if c in data])
    spline = amp.dqdv.DqdvSpline("integrated").fit(amp.Dataset(run), s=smoothing)
    share = np.linspace(1e-4, 1 - 1e-4, 4001)
    return {"peak voltage [V]": highest_peaks(spline.volts_(share), np.abs(spline.dqdv_(share)), 3)}


if __name__ == "__main__":
    answer(
        "ampworks",
        {
            "pulses": (amp.read_csv, partial(pulses, times=(2.0, 10.0), longest=35.0)),
            "published pulses": (amp.read_csv, partial(pulses, times=(10.0, 29.0), longest=35.0)),
            "peaks": (amp.read_csv, partial(peaks, smoothing=1e-4)),
            # Of noise of known variance: rows times variance, what the smoothing spline is to leave over.
            "noisy peaks": (amp.read_csv, partial(peaks, smoothing=8001 * 5e-4**2)),
        },
    )
