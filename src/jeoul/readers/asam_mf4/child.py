"""Decodes one MDF file in a process of its own: ``python -m jeoul.readers.asam_mf4.child FILE FOLDER``.

The decoder's compiled part can take its process down on damaged bytes; the reader's process lives on.
What was found goes to FOLDER: `log.json`, and the arrays of each group in `<n>.npz`.
"""

from __future__ import annotations

import json
import logging
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

FRAME = "CAN_DataFrame"
IDENTIFIER = 0x1FFFFFFF


def main(path: str, folder: str) -> None:
    """Decode the file into the folder."""
    import asammdf

    logging.getLogger("asammdf").setLevel(logging.CRITICAL)
    warnings.simplefilter("ignore")
    with asammdf.MDF(path) as file:
        groups = [_group(file, number, Path(folder)) for number in range(len(file.groups))]
        found = {"started": file.start_time.timestamp(), "groups": [g for g in groups if g]}
    (Path(folder) / "log.json").write_text(json.dumps(found), encoding="utf-8")


def _group(file: Any, number: int, folder: Path) -> dict[str, Any] | None:
    group = file.groups[number]
    names = [channel.name for channel in group.channels]
    if not group.channel_group.cycles_nr:
        return None
    frames = FRAME in names
    arrays, units = (_frames(file, number), {}) if frames else _channels(file, number, names)
    if not arrays:
        return None
    np.savez(folder / f"{number}.npz", **{str(n): values for n, values in enumerate(arrays.values())})
    title = str(group.channel_group.acq_name or f"group {number}")
    return {"file": f"{number}.npz", "name": title, "frames": frames, "columns": list(arrays), "units": units}


def _frames(file: Any, group: int) -> dict[str, Any]:
    def field(name: str) -> Any:
        return file.get(f"{FRAME}.{name}", group=group, raw=True)

    identifier = field("ID")
    return {
        "time_second": identifier.timestamps.astype(np.float64),
        "identifier": identifier.samples.astype(np.uint32) & IDENTIFIER,
        "extended": field("IDE").samples.astype(np.bool_),
        "length": field("DataLength").samples.astype(np.int64),
        "data": np.atleast_2d(field("DataBytes").samples).astype(np.uint8),
    }


def _channels(file: Any, group: int, names: Sequence[str]) -> tuple[dict[str, Any], dict[str, str]]:
    """One channel group: its numbers, with the time stamps of its master channel."""
    arrays: dict[str, Any] = {}
    units: dict[str, str] = {}
    for index, name in enumerate(names):
        signal = file.get(name, group=group, index=index)
        if signal.samples.ndim != 1 or signal.samples.dtype.kind not in "iufb" or name in arrays:
            continue
        arrays.setdefault("time_second", signal.timestamps.astype(np.float64))
        if not np.array_equal(signal.samples, signal.timestamps):
            arrays[name] = signal.samples.astype(np.float64)
            units |= {name: str(signal.unit)} if signal.unit else {}
    return (arrays, units) if len(arrays) > 1 else ({}, {})


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
