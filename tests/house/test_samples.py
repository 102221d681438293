"""The shipped sample is what its origin says, unchanged, and its descriptions are about it."""

from __future__ import annotations

import csv
import hashlib
import re
import tomllib
from pathlib import Path

import pytest

from jeoul.errors import UnknownNameError
from jeoul.samples import sample_names, sample_path

FILES = ["LFP_025degC_1C_Dch.csv", "LFP_025degC_Co20_Dch.csv", "LFP_025degC_DC_WLTP.csv", "LICENSE"]


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _readings(path: Path) -> tuple[list[float], list[float], list[float]]:
    with path.open(newline="", encoding="utf-8") as file:
        rows = [[float(cell) for cell in row] for row in list(csv.reader(file))[1:]]
    time, current, voltage = zip(*rows, strict=True)
    return list(time), list(current), list(voltage)


def _discharged_ah(path: Path) -> float:
    """The trapezoid by hand, with the standard library alone."""
    time, current, _ = _readings(path)
    out = [max(-ampere, 0.0) for ampere in current]
    pairs = zip(time, time[1:], out, out[1:], strict=False)
    return sum((t1 - t0) * (i0 + i1) / 2 for t0, t1, i0, i1 in pairs) / 3600


@pytest.mark.parametrize("name", FILES)
def test_every_file_has_the_hash_that_its_origin_tells(name: str, sample: Path) -> None:
    told = dict(
        re.findall(
            r"^\| `([^`]+)` \| [^|]+ \| `([0-9a-f]{64})` \|$", (sample / "ORIGIN.md").read_text(), re.M
        )
    )
    assert told[name] == _sha256(sample / name)


@pytest.mark.corpus
@pytest.mark.parametrize("name", FILES)
def test_the_published_files_are_unchanged(name: str, sample: Path, corpus: Path) -> None:
    published = corpus / "b_lfp" / "about_energy_lfp"
    place = published / name if name == "LICENSE" else published / "data" / name
    assert _sha256(sample / name) == _sha256(place)


@pytest.mark.parametrize(
    ("name", "discharged_ah"),
    [
        ("LFP_025degC_1C_Dch.csv", 1.9434),
        ("LFP_025degC_Co20_Dch.csv", 2.0745),
        ("LFP_025degC_DC_WLTP.csv", 2.0539),
    ],
)
def test_the_known_answers_are_those_of_the_rows(name: str, discharged_ah: float, sample: Path) -> None:
    assert _discharged_ah(sample / name) == pytest.approx(discharged_ah, abs=5e-5)


def test_the_assumed_ranges_hold_every_reading(sample: Path) -> None:
    accuracy = tomllib.loads((sample / "accuracy.toml").read_text("utf-8"))
    largest_range = max(entry["range_ampere"] for entry in accuracy["current"])
    for path in sample.glob("*.csv"):
        _, current, voltage = _readings(path)
        assert max(map(abs, current)) <= largest_range
        assert max(voltage) <= accuracy["voltage"][0]["range_volt"]
    assert accuracy["instrument"]["status"] == "unverified"


def test_the_declared_window_is_the_window_of_the_rows(sample: Path) -> None:
    """A discharge that ends at 2.0 V to a millivolt cannot belong to a cell with another lower limit."""
    item = tomllib.loads((sample / "item.toml").read_text("utf-8"))["item"]
    for name in FILES[:2]:
        voltage = _readings(sample / name)[2]
        assert voltage[-1] == pytest.approx(item["end_of_discharge_voltage_volt"], abs=1e-3)
        assert max(voltage) <= item["end_of_charge_voltage_volt"]


def test_the_descriptions_are_accepted(sample: Path) -> None:
    from jeoul.readers.description import parse_description
    from jeoul.standards.item import read_item
    from jeoul.standards.limits import read_limits
    from jeoul.uncertainty.accuracy import read_accuracy

    text = (sample / "description.toml").read_text("utf-8")
    assert parse_description(text, "description.toml").current.sign == "charge_positive"
    assert read_item(sample / "item.toml").numbers["rated_capacity_ah"] == 2.0
    assert read_accuracy(sample / "accuracy.toml").status == "unverified"
    assert read_limits(sample / "limits.toml")


def test_read_gives_the_rows_with_and_without_the_description(sample: Path) -> None:
    import jeoul

    path = sample / "LFP_025degC_1C_Dch.csv"
    for measurement in (jeoul.read(path), jeoul.read(path, description=sample / "description.toml")):
        assert len(measurement) == 3500
        assert measurement.table["current_ampere"][1] == -1.913324245


def test_an_unknown_sample_names_the_ones_there_are() -> None:
    assert "about_energy_lfp" in sample_names()
    with pytest.raises(UnknownNameError, match="about_energy_lfp"):
        sample_path("nmc")
