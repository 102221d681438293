"""Time each format against the public readers of the same format, in one run, best of several.

Usage: python benchmarks/readers.py CORPUS [--peers PYTHON] [--repeat 5]

CORPUS is the folder of raw files. PYTHON is the interpreter of a separate environment with the peers
(`pip install batterydf fastnda NewareNDA galvani pyprobe-data cellpy`, whichever fit it); one that is not
installed there is left out. Every figure is wall time inside one process after a warm-up read: from the
path to a table of all rows in memory. Peers that are absent or fail print as such.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

FILES = {
    "arbin_res": "a_cyclers/cellpy/arbin_res/20160805_test001_45_cc_01.res",
    "arbin_xlsx": "a_cyclers/navani/bs542_004_gr_li_50ua_50mv_1v_191020_Channel_11.xlsx",
    "basytec_text": "a_cyclers/pyprobe/basytec/sample_data_basytec.txt",
    "bdf": "a_cyclers/bdf/reference/DLR__LiGrHydra0b__20230131__POCV__25degC__Basytec.bdf.csv",
    "biologic_mpr": "a_cyclers/navani/jdb11-1_c3_gcpl_5cycles_2V-3p8V_C-24_data_C09.mpr",
    "landt_csv": "a_cyclers/bdf/SINTEF__LiGrR2032__2024-04-30__25degC__Landt.csv",
    "landt_xlsx": "a_cyclers/navani/NJK_CC_156_C30_C_x30.xlsx",
    "maccor_text": "a_cyclers/cellpy/maccor_txt/maccor_001.txt",
    "neware_csv": "a_cyclers/cellpy/neware/neware_uio.csv",
    "neware_nda": "a_cyclers/navani/test.nda",
    "neware_ndax": "a_cyclers/cellpy/neware/20260302_IFE_BTS85_2_9_8_1.ndax",
    "novonix_csv": "a_cyclers/beep/raw/test_Nova_Form-CH01-01_short.csv",
    "pec_csv": "a_cyclers/cellpy/pec/pec.csv",
}
PEERS = {
    "fastnda": ("neware_nda neware_ndax", "import fastnda; run = lambda p: fastnda.read(p)"),
    "NewareNDA": (
        "neware_nda neware_ndax",
        "import NewareNDA; run = lambda p: NewareNDA.read(p, log_level='ERROR')",
    ),
    "galvani": (
        "biologic_mpr",
        "from galvani import BioLogic; import pandas as pd; run = lambda p: pd.DataFrame(BioLogic.MPRfile(p).data)",
    ),
    "batterydf": (
        "bdf landt_csv neware_csv novonix_csv basytec_text neware_nda neware_ndax",
        "import bdf; run = lambda p: bdf.read(p)",
    ),
    "navani": (
        "arbin_res arbin_xlsx landt_xlsx biologic_mpr neware_nda neware_ndax",
        "import navani.echem as e; run = lambda p: e.echem_file_loader(p)",
    ),
    "pandas": ("bdf pec_csv", "import pandas as pd; run = lambda p: pd.read_csv(p)"),
}
TIMER = """
import json, sys, time, warnings, logging, contextlib, io
warnings.simplefilter("ignore"); logging.disable(logging.CRITICAL)
path, repeat = sys.argv[1], int(sys.argv[2])
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    try:
        {load}
        table = run(path)
        best = 1e9
        for _ in range(repeat):
            start = time.perf_counter(); table = run(path); best = min(best, time.perf_counter() - start)
        answer = [best, len(table)]
    except Exception as error:
        answer = [None, type(error).__name__ + ": " + str(error).split("\\n")[0][:60]]
print(json.dumps(answer))
"""
OURS = "import jeoul; run = lambda p: jeoul.read(p).table"


def time_one(python: str, load: str, path: Path, repeat: int) -> tuple[float | None, object]:
    """Best seconds of one reader on one file, and its rows; or None and what went wrong."""
    code = TIMER.replace("{load}", load)
    done = subprocess.run([python, "-c", code, str(path), str(repeat)], capture_output=True, text=True)
    if done.returncode:
        return None, "failed to start"
    seconds, rows = json.loads(done.stdout.strip().splitlines()[-1])
    return seconds, rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--peers", default=sys.executable)
    parser.add_argument("--repeat", type=int, default=5)
    args = parser.parse_args()
    print("| format | rows | jeoul ms | peers ms |\n|---|---|---|---|")
    for name, file in FILES.items():
        path = args.corpus / file
        ours, rows = time_one(sys.executable, OURS, path, args.repeat)
        others = []
        for peer, (formats, load) in PEERS.items():
            if name not in formats.split():
                continue
            seconds, said = time_one(args.peers, load, path, args.repeat)
            absent = isinstance(said, str) and said.startswith("ModuleNotFoundError")
            if not absent:
                others.append(
                    f"{peer} {seconds * 1e3:.1f}" if seconds is not None else f"{peer} fails ({said})"
                )
        shown = f"{ours * 1e3:.1f}" if ours is not None else f"fails ({rows})"
        print(f"| {name} | {rows} | {shown} | {'; '.join(others) or 'none known'} |", flush=True)


if __name__ == "__main__":
    main()
