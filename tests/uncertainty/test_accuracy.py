"""The accuracy file: three ways to state an error, and every mistake named with its key."""

from __future__ import annotations

import json
import math
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from jeoul.errors import DefinitionError, OutOfValidityError, UnknownNameError
from jeoul.uncertainty import accuracies, read_accuracy
from jeoul.uncertainty.accuracy import choose_ranges

GOOD = """
[instrument]
name = "Cycler 7"
serial = "A-1"
status = "verified"
source = "certificate 117"
calibrated_on = 2026-01-05
calibration_due = 2027-01-05

[[current]]
range_ampere = 200.0
direction = "both"
gain = { expanded_uncertainty = 400, coverage_factor = 2.0, unit = "ppm", degrees_of_freedom = 50 }
offset = { limit = 0.05, distribution = "rectangular", unit = "percent_of_full_scale" }
drift_per_hour = { standard_uncertainty = 1.0, unit = "milliampere" }
noise = { standard_uncertainty = 0.005, unit = "ampere" }
resolution = { step = 0.001, unit = "ampere" }

[[current]]
range_ampere = 10.0
direction = "charge"
gain = { standard_uncertainty = 0.0002, unit = "1" }
offset = { limit = 1.0, distribution = "triangular", unit = "milliampere" }

[[voltage]]
range_volt = 5.0
direction = "both"
gain = { standard_uncertainty = 0.0001, unit = "1" }
offset = { limit = 0.5, distribution = "arcsine", unit = "millivolt" }

[clock]
relative = { limit = 100, distribution = "rectangular", unit = "ppm" }

[temperature]
offset = { limit = 1.0, distribution = "rectangular", unit = "kelvin" }
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "cycler.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_way_to_state_an_error_becomes_a_standard_uncertainty(tmp_path: Path) -> None:
    accuracy = read_accuracy(write(tmp_path, GOOD))
    large, small = accuracy.current
    assert large.gain is not None
    assert large.gain.standard_uncertainty == pytest.approx(0.0002)  # U = 400 ppm, k = 2
    assert large.gain.degrees_of_freedom == 50
    assert large.offset.standard_uncertainty == pytest.approx(0.1 / math.sqrt(3))  # 0.05 % of 200 A
    assert large.offset.distribution == "rectangular"
    assert large.drift_per_hour is not None
    assert large.drift_per_hour.standard_uncertainty == pytest.approx(0.001)
    assert small.offset.standard_uncertainty == pytest.approx(0.001 / math.sqrt(6))
    assert accuracy.voltage[0].offset.standard_uncertainty == pytest.approx(0.0005 / math.sqrt(2))
    assert accuracy.clock.standard_uncertainty == pytest.approx(1e-4 / math.sqrt(3))
    assert accuracy.temperature is not None
    assert accuracy.temperature.offset.standard_uncertainty == pytest.approx(1 / math.sqrt(3))


def test_the_range_is_the_smallest_that_holds_the_reading(tmp_path: Path) -> None:
    current = read_accuracy(write(tmp_path, GOOD)).current
    readings = np.array([0.5, 10.05, 10.2, 200.0])
    assert [current[i].label for i in choose_ranges(current, readings, "charge")] == [
        "10 A charge",
        "10 A charge",  # 0.5 % over full scale is still this range
        "200 A",
        "200 A",
    ]
    assert {current[i].label for i in choose_ranges(current, readings, "discharge")} == {"200 A"}
    with pytest.raises(OutOfValidityError, match=r"holds 250 ampere.*200 A, 10 A charge"):
        choose_ranges(current, np.array([250.0]), "charge")


def test_rounding_averages_only_where_noise_moves_the_reading(tmp_path: Path) -> None:
    noisy = read_accuracy(write(tmp_path, GOOD)).current[0]
    quiet = read_accuracy(write(tmp_path, GOOD.replace("0.005, unit", "0.0005, unit"))).current[0]
    assert noisy.rounding_is_noise
    assert not quiet.rounding_is_noise
    assert quiet.rounding is not None
    assert quiet.rounding.standard_uncertainty == pytest.approx(0.001 / math.sqrt(12))


def test_another_channel_or_calibration_is_another_instrument(tmp_path: Path) -> None:
    accuracy = read_accuracy(write(tmp_path, GOOD))
    later = read_accuracy(write(tmp_path, GOOD.replace("2026-01-05", "2026-06-05")))
    names = {accuracy.instrument, accuracy.on_channel("4").instrument, later.instrument}
    assert len(names) == 3
    assert accuracy.in_calibration(date(2026, 7, 1)) is True
    assert accuracy.in_calibration(date(2027, 7, 1)) is False


@pytest.mark.parametrize(
    ("was", "becomes", "key", "message"),
    [
        ('direction = "charge"', 'direction = "up"', "current[2].direction", "'up' was found"),
        ('unit = "kelvin"', 'unit = "volt"', "temperature.offset.unit", "one of kelvin"),
        ("range_ampere = 10.0", "range_ampere = -1", "current[2].range_ampere", "positive number"),
        ("range_ampere = 10.0", "range_ampere = true", "current[2].range_ampere", "positive number"),
        ("range_ampere = 10.0", "range_ampere = 200", "current", "described twice for charge"),
        ("step = 0.001", "step = inf", "current[1].resolution.step", "positive number"),
        ('distribution = "triangular", ', "", "current[2].offset.distribution", "missing"),
        ("coverage_factor = 2.0, ", "", "current[1].gain.coverage_factor", "missing"),
        ("{ limit = 100,", "{ limit = 100, standard_uncertainty = 1,", "clock.relative", "2 of"),
        ("relative =", "speed =", "clock.speed", "not known here"),
        ('status = "verified"', 'status = "ok"', "instrument.status", "verified, unverified"),
        ('source = "certificate 117"', 'source = ""', "instrument.source", "empty text"),
        ("due = 2027-01-05", "due = 2025-01-05", "instrument.calibration_due", "before"),
        ("due = 2027-01-05", 'due = "soon"', "instrument.calibration_due", "a date"),
        ("[clock]", "[watch]", "watch", "not known here"),
        ("standard_uncertainty = 0.0002", "limit = 0.0002", "current[2].gain.distribution", "missing"),
        ("limit = 0.5,", "limit = -0.5,", "voltage[1].offset.limit", "non-negative"),
    ],
)  # fmt: skip
def test_a_wrong_file_names_itself_and_the_key(
    tmp_path: Path, was: str, becomes: str, key: str, message: str
) -> None:
    assert was in GOOD
    path = write(tmp_path, GOOD.replace(was, becomes, 1))
    with pytest.raises(DefinitionError, match=message) as caught:
        read_accuracy(path)
    assert caught.value.column == key
    assert caught.value.path == str(path)


def test_no_toml_and_no_file_are_definition_errors(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="no valid TOML"):
        read_accuracy(write(tmp_path, "[instrument"))
    with pytest.raises(DefinitionError, match="cannot be read"):
        read_accuracy(tmp_path / "none.toml")


def test_the_built_ins_say_that_they_are_assumed() -> None:
    names = [name for name in accuracies() if name.startswith("assumed-")]
    assert {"assumed-5v-5a-0.05-percent-fs", "assumed-5v-200a-0.05-percent-fs"} <= set(names)
    for name in names:
        accuracy = read_accuracy(name)
        assert accuracy.status == "unverified"
        assert "assumption, not a data sheet" in accuracy.source
        json.dumps(accuracy.as_dict(), allow_nan=False)


def test_an_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(UnknownNameError, match=r"assumed-5v-5a-0\.05-percent-fs"):
        read_accuracy("cycler-9000")
