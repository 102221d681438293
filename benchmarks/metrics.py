"""Jeoul's metrics beside those of other programs: the same file, the same run, values and CPU seconds.

    python benchmarks/metrics.py [--corpus FOLDER] [--peer NAME=PYTHON ...] [--install FOLDER]
                                 [--newer-python PYTHON] [--only WORD] [--repeat 5]

Every program runs in an environment of its own: `--peer cellpy=/envs/cellpy/bin/python` names one that is
there, `--install FOLDER` makes the rest under FOLDER with venv and pip (cellpy and pydpeet need a newer Python
than this one may be: `--newer-python`). A program that is not there is left out, and said so.

The files are made here, with answers known by construction, or are real ones of the corpus. CPU
seconds are of reading the file and of all that comes after, in a process that has done it once before, with its
children, the least of several. Of each metric the table shows the place (cycle, pulse, peak) where the peer is
farthest off, and how far each is off anywhere: off what is known by construction, or, of a real file, off Jeoul.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent / "metrics_files"
sys.path.insert(0, str(HERE))
from inputs import Known, Values, cycles, discharge, pulses, spectrum  # noqa: E402 - beside this file

PACKAGES = {
    "cellpy": "cellpy==2.1.5.post10",
    "pyprobe": "pyprobe-data==2.6.1",
    "beep": "beep==2026.2.7",
    "ampworks": "ampworks==0.1.0",
    "impedance": "impedance==1.7.1 pandas",  # it imports pandas and does not ask for it
    "navani": "navani==0.1.22",
    "pydpeet": "pydpeet==0.5.0",
}
NEED_NEWER = ("cellpy", "pydpeet")
LIMIT_SECOND = 300


@dataclass(frozen=True)
class Pair:
    """One question for Jeoul and another program: a file, the name of the case for each, what may differ."""

    title: str
    file: str
    ours: str
    peer: str
    theirs: str
    tolerance: float
    least: float = 0.0
    """What counts as nothing, in the unit of the metric."""


def cycle_pairs(title: str, stem: str) -> tuple[Pair, ...]:
    """The cycles of one made file, in the dialect that each program reads."""
    dialects = {"cellpy": "server", "pyprobe": "spaced", "beep": "plain", "navani": "bdf"}
    return tuple(
        Pair(title, f"{stem} {dialect}", "cycles", peer, "cycles", 1e-6) for peer, dialect in dialects.items()
    )


def peak_pairs(title: str, stem: str, ampworks: str, tolerance: float = 3e-4) -> tuple[Pair, ...]:
    """The peaks of one made discharge; 1 mV of 3.3 V may differ, or what the noise asks for."""
    asked = (
        ("cellpy", "server", "peaks"),
        ("pyprobe", "spaced", "peaks"),
        ("ampworks", "spaced", ampworks),
        ("navani", "bdf", "peaks"),
    )
    return tuple(
        Pair(title, f"{stem} {dialect}", "peaks", peer, theirs, tolerance) for peer, dialect, theirs in asked
    )


CYCLERS, SHAPES = "corpus a_cyclers", "corpus c_pulse_rate/ampworks/ampworks/datasets/resources"
PAIRS = (
    *cycle_pairs("50 cycles, a row in 1.6 s", "cycles 1.6 s"),
    *cycle_pairs("50 cycles, a row in 43 s", "cycles 43 s"),
    Pair("steps by the columns", "cycles 1.6 s server", "steps", "cellpy", "steps", 0.0),
    Pair("steps by the signal", "cycles 1.6 s signal", "steps", "pydpeet", "steps", 0.0),
    *(
        Pair(f"HPPC, {kind}", f"pulses {kind}", "pulses", peer, "pulses", 1e-3)
        for kind in ("ideal", "rest noise", "uneven")
        for peer in ("pyprobe", "ampworks")
    ),
    *peak_pairs("dQ/dV, no noise", "discharge 0 mV", "peaks"),
    *peak_pairs("dQ/dV, 0.5 mV of noise", "discharge 0.5 mV", "noisy peaks", tolerance=6e-4),
    Pair("circuit of a made spectrum", "spectrum", "impedance", "impedance", "impedance", 5e-3),
    Pair(
        "real Arbin .res",
        f"{CYCLERS}/cellpy/arbin_res/20160805_test001_45_cc_01.res",
        "cycles",
        "cellpy",
        "published cycles",
        1e-3,
    ),
    Pair(
        "real Neware .ndax",
        f"{CYCLERS}/cellpy/neware/20260302_IFE_BTS85_2_9_8_1.ndax",
        "cycles",
        "cellpy",
        "neware cycles",
        1e-3,
    ),
    Pair(
        "real Neware .ndax",
        f"{CYCLERS}/cellpy/neware/20260302_IFE_BTS85_2_9_8_1.ndax",
        "cycles",
        "navani",
        "cycles",
        1e-3,
    ),
    Pair(
        "real Maccor text",
        f"{CYCLERS}/beep/xTESLADIAG_000019_CH70.070",
        "cycles",
        "beep",
        "maccor cycles",
        1e-3,
    ),
    Pair(
        "real BaSyTec as BDF",
        f"{CYCLERS}/bdf/reference/DLR__LiGrHydra0b__20230131__POCV__25degC__Basytec.bdf.csv",
        "half cycles",
        "navani",
        "half cycles",
        1e-3,
        least=1e-3,
    ),
    Pair(
        "HPPC of ampworks",
        f"{SHAPES}/hppc/hppc_discharge.csv",
        "published pulses",
        "ampworks",
        "published pulses",
        1e-3,
    ),
    Pair(
        "circuit of impedance.py",
        "corpus d_eis/impedance_py/exampleData.csv",
        "published impedance",
        "impedance",
        "published impedance",
        0.03,
    ),
)


# --- files and environments ---------------------------------------------------------------------------


def made_files(folder: Path) -> dict[str, Known]:
    """Every made file by the name that the pairs use."""
    files = {f"pulses {kind}": pulses(folder, kind) for kind in ("ideal", "rest noise", "uneven")}
    files["spectrum"] = spectrum(folder, 1e-3)
    for interval in (1.6, 43.0):
        made = cycles(folder, interval)
        files |= {f"cycles {interval:g} s {dialect}": known for dialect, known in made.items()}
    for noise in (0.0, 5e-4):
        made = discharge(folder, noise)
        files |= {f"discharge {1e3 * noise:g} mV {dialect}": known for dialect, known in made.items()}
    return files


def find(file: str, made: dict[str, Known], corpus: Path | None) -> Known | None:
    """A made file, or a real one without a known answer; None where the corpus is not there."""
    if not file.startswith("corpus "):
        return made[file]
    path = None if corpus is None else corpus / file.removeprefix("corpus ")
    return Known(path, {}) if path is not None and path.exists() else None


def install(folder: Path, newer_python: str | None, there: dict[str, str]) -> dict[str, str]:
    """Make the environments that are missing; the interpreter of each program."""
    for peer, package in PACKAGES.items():
        base = newer_python if peer in NEED_NEWER else sys.executable
        python = folder / peer / "bin" / "python"
        if peer in there or base is None:
            continue
        if not python.exists():
            subprocess.run([base, "-m", "venv", str(folder / peer)], check=True)
            subprocess.run([str(python), "-m", "pip", "install", "-qq", *package.split()], check=False)
        there[peer] = str(python)
    return there


def ask(python: str, script: str, case: str, path: Path, repeat: int) -> dict[str, object]:
    """What one program answers; an error in words where it gives none. Its log files go to a folder of its own."""
    program = str(Path(python).absolute())
    command = [program, str(HERE / f"run_{script}.py"), case, str(path.absolute()), str(repeat)]
    try:
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=LIMIT_SECOND, check=False, cwd=folder
            )
    except subprocess.TimeoutExpired:
        return {"error": f"no answer within {LIMIT_SECOND} s"}
    last = (done.stdout.strip().splitlines() or [""])[-1]
    return (
        json.loads(last)
        if last.startswith("{")
        else {"error": (done.stderr.strip() or "no answer").splitlines()[-1][:90]}
    )


# --- the table ----------------------------------------------------------------------------------------

TITLES = (
    "case", "peer", "metric", "place", "known", "Jeoul", "peer", "Jeoul is off", "peer is off",
    "Jeoul: CPU ms read + metric", "peer: CPU ms", "ratio of all", "of metric",
)  # fmt: skip


def table_rows(pair: Pair, truth: Values, ours: dict, theirs: dict) -> Iterator[list[str]]:
    """A row for each metric that Jeoul was asked for."""
    speed = speeds(ours, theirs)
    if "error" in ours or "error" in theirs:
        words = f"jeoul: {ours['error']}" if "error" in ours else f"**fails**: {theirs['error']}"
        yield [pair.title, pair.peer, words, *[""] * 6, *speed]
        return
    for metric, mine in ours["values"].items():
        other = theirs["values"].get(metric, {})
        if mine or any(other.values()):
            yield [
                pair.title,
                pair.peer,
                metric,
                *compared(pair, truth.get(metric, mine or other), mine, other),
                *speed,
            ]
            speed = [""] * len(speed)


def compared(
    pair: Pair, known: dict[str, float], mine: dict[str, float], other: dict[str, float]
) -> list[str]:
    """The place where the other is farthest off, the values there, and how far each is off anywhere.

    Off what is known by construction; of a real file, the other off Jeoul.
    """
    ours, theirs = (off(known, values, pair.least) for values in (mine, other))
    place = max(theirs, key=lambda at: abs(theirs[at]), default=next(iter(known)))
    real = known is mine or known is other
    shown = [number(values.get(place)) for values in ({} if real else known, mine, other)]
    return [place, *shown, "" if known is mine else judged(ours, known, pair), judged(theirs, known, pair)]


def off(known: dict[str, float], values: dict[str, float], least: float) -> dict[str, float]:
    """Relative difference at each place that has both; below `least` a known value counts as that."""
    both = (place for place in known if place in values)
    return {at: (values[at] - known[at]) / max(abs(known[at]), least or 1e-300) for at in both}


def judged(found: dict[str, float], known: dict[str, float], pair: Pair) -> str:
    """The largest difference in percent, in bold beyond the tolerance, and how many places lack a value."""
    lacks = f"{len(known) - len(found)} of {len(known)} missing" if len(found) < len(known) else ""
    if not found:
        return f"**{lacks}**"
    worst = max(found.values(), key=abs)
    text = f"{100 * worst:+.2g} %" if abs(worst) > 1e-9 else "0"
    text = text if abs(worst) <= pair.tolerance else f"**{text}**"
    return "; ".join(filter(None, (text, lacks)))


def number(value: float | None) -> str:
    return "-" if value is None else f"{value:.6g}"


def speeds(ours: dict, theirs: dict) -> list[str]:
    """CPU milliseconds of both, and the other over ours: of all, and without the reading."""
    mine, other = ours.get("cpu_second"), theirs.get("cpu_second")
    shown = ["" if each is None else f"{1e3 * each[0]:.0f} + {1e3 * each[1]:.3g}" for each in (mine, other)]
    if mine is None or other is None:
        return [*shown, "", ""]
    return [*shown, f"{sum(other) / sum(mine):.1f}", f"{other[1] / mine[1]:.1f}"]


def run(pairs: tuple[Pair, ...], peers: dict[str, str], corpus: Path | None, repeat: int) -> None:
    """Print the table, row by row as it comes, and the versions."""
    print(f"| {' | '.join(TITLES)} |\n|{'---|' * len(TITLES)}")
    versions: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as folder:
        made = made_files(Path(folder))
        for pair in pairs:
            known = find(pair.file, made, corpus)
            if known is None or pair.peer not in peers:
                why = "its file is not there" if known is None else f"{pair.peer} is not there"
                print(f"left out: {pair.title}, {pair.peer}: {why}", file=sys.stderr)
                continue
            ours = ask(sys.executable, "jeoul", pair.ours, known.path, repeat)
            theirs = ask(peers[pair.peer], pair.peer, pair.theirs, known.path, repeat)
            versions[pair.peer] = theirs.get("version")
            for row in table_rows(pair, known.truth, ours, theirs):
                print(f"| {' | '.join(row)} |", flush=True)
    print("\n" + ", ".join(f"{peer} {version}" for peer, version in sorted(versions.items())))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PYTHON")
    parser.add_argument("--install", type=Path, metavar="FOLDER")
    parser.add_argument("--newer-python", metavar="PYTHON")
    parser.add_argument("--only", default="", help="cases or peers whose name holds this word")
    parser.add_argument("--repeat", type=int, default=5)
    args = parser.parse_args()
    peers = dict(each.split("=", 1) for each in args.peer)
    if args.install:
        peers = install(args.install, args.newer_python, peers)
    chosen = tuple(pair for pair in PAIRS if args.only in f"{pair.title} {pair.peer}")
    run(chosen, peers, args.corpus, args.repeat)


if __name__ == "__main__":
    main()
