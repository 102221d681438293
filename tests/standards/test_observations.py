"""What people saw: files as a person writes them, and every slip of the pen that must not become a verdict."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from pathlib import Path

import pytest

from jeoul.errors import DefinitionError, InsufficientDataError
from jeoul.metrics import insulation_resistance
from jeoul.standards.observations import ENUMERATIONS, read_observations
from jeoul.uncertainty import combine

Write = Callable[[str, str], Path]

GOOD = """
person = "Hong Gildong"
time = 2026-03-02T15:10:00+09:00
[[observation]]
name = "leakage"
value = "none"
[[observation]]
name = "mass_before"
value = 812.4
unit = "g"
standard_uncertainty = 0.05
instrument = "Balance 3"
time = 2026-03-02T09:00:00+09:00
[[observation]]
name = "mass_after"
value = 811.9
unit = "g"
standard_uncertainty = 0.05
instrument = "Balance 3"
"""
CSV = """name,value,unit,standard_uncertainty,person,time,sample,note
leakage,none,,,Kim,2026-03-02T15:10:00+09:00,C-01,
leakage,slight,,,Kim,2026-03-02T15:12:00+09:00,C-02,"at the seam, dry"
ocv,3.291,V,0.0005,Kim,2026-03-02T15:12:00+09:00,C-02,
"""


def test_a_file_is_read_with_who_and_when(write: Write) -> None:
    seen = read_observations(write("seen.toml", GOOD))
    leakage, before = seen.one("leakage"), seen.one("mass_before")
    assert leakage is not None
    assert before is not None
    assert (leakage.value, leakage.person, leakage.time.isoformat()) == ("none", "Hong Gildong", "2026-03-02T15:10:00+09:00")  # fmt: skip
    assert before.time.hour == 9
    assert seen.one("fire") is None
    assert seen.sha256 == hashlib.sha256(GOOD.encode()).hexdigest()


def test_a_csv_file_holds_the_same(write: Write) -> None:
    seen = read_observations(write("seen.csv", CSV))
    assert [e.value for e in seen.find("leakage")] == ["none", "slight"]
    assert seen.find("leakage", sample="C-02")[0].note == "at the seam, dry"
    ocv = seen.one("ocv")
    assert ocv is not None
    assert ocv.as_measured("mV").value == pytest.approx(3291)
    assert ocv.as_measured("mV").standard_uncertainty == pytest.approx(0.5)


def test_a_loss_of_mass_carries_both_weighings(write: Write) -> None:
    """100 * 0.5 / 812.4 %; u = 100 * sqrt(2) * 0.05 / 812.4 %, one part in a thousand apart from the ratio."""
    seen = read_observations(write("seen.toml", GOOD))
    before, after = (seen.one(name).as_measured("kg") for name in ("mass_before", "mass_after"))  # type: ignore[union-attr]
    loss = combine("mass_loss", "%", lambda a, b: 100 * (a - b) / a, before, after)
    assert loss.value == pytest.approx(50 / 812.4)
    assert loss.standard_uncertainty == pytest.approx(5 * math.sqrt(2) / 812.4, rel=1e-3)


def test_two_equal_readings_are_two_errors_and_not_one(write: Write) -> None:
    seen = read_observations(write("seen.toml", GOOD.replace("811.9", "812.4")))
    before, after = (seen.one(name).as_measured() for name in ("mass_before", "mass_after"))  # type: ignore[union-attr]
    assert combine("d", "g", lambda a, b: a - b, before, after).standard_uncertainty == pytest.approx(
        0.05 * math.sqrt(2)
    )


def test_two_samples_read_by_one_meter_are_two_errors(write: Write) -> None:
    more = "ocv,3.291,V,0.0005,Kim,2026-03-02T15:13:00+09:00,C-03,\n"
    seen = read_observations(write("seen.csv", CSV + more))
    first, second = (entry.as_measured() for entry in seen.find("ocv"))
    apart = combine("d", "V", lambda a, b: a - b, first, second)
    assert apart.standard_uncertainty == pytest.approx(0.0005 * math.sqrt(2))


def test_a_number_without_an_uncertainty_has_an_unknown_one(write: Write) -> None:
    seen = read_observations(write("seen.toml", GOOD.replace("standard_uncertainty = 0.05\n", "")))
    before = seen.one("mass_before")
    assert before is not None
    assert before.as_measured().standard_uncertainty is None


def test_readings_by_hand_give_the_insulation_of_a_pack(write: Write) -> None:
    """U_b = 360 V, U_1 = 200 V, U_1' = 100 V with 200 kohm: 200e3 * 360 * (1/100 - 1/200) = 360 kohm."""
    volts = {"pack_voltage": 360.0, "higher_voltage": 200.0, "voltage_with_resistor": 100.0}
    entries = [f'[[observation]]\nname = "{n}"\nvalue = {v}\nunit = "V"\nstandard_uncertainty = 0.1' for n, v in volts.items()]  # fmt: skip
    entries.append(
        '[[observation]]\nname = "resistor"\nvalue = 200.0\nunit = "kohm"\nstandard_uncertainty = 0.1'
    )
    head = 'person = "Kim"\ntime = 2026-03-02T15:10:00+09:00\n'
    seen = read_observations(write("seen.toml", head + "\n".join(entries)))
    readings = {n: seen.one(n).as_measured("ohm" if n == "resistor" else "V") for n in (*volts, "resistor")}  # type: ignore[union-attr]
    found = insulation_resistance(**readings, meter_resistance_ohm=10e6)
    assert found.value == pytest.approx(360e3)
    assert found.standard_uncertainty is not None


def test_an_entry_for_the_clause_goes_before_one_for_all(write: Write) -> None:
    text = GOOD + '[[observation]]\nname = "leakage"\nvalue = "present"\nclause = "T.2"\n'
    seen = read_observations(write("seen.toml", text))
    assert [e.value for e in seen.find("leakage", clause="T.2")] == ["present"]
    assert [e.value for e in seen.find("leakage", clause="T.1")] == ["none"]


def test_several_samples_are_not_one(write: Write) -> None:
    seen = read_observations(write("seen.csv", CSV))
    with pytest.raises(InsufficientDataError, match="C-01, C-02"):
        seen.one("leakage")


# --- photos ----------------------------------------------------------------------------------------------

PHOTO = '[[observation]]\nname = "fire"\nvalue = "none"\nphoto = "after.jpg"\n'


def test_a_photo_is_hashed_where_it_lies(write: Write) -> None:
    write("after.jpg", "not really a picture")
    seen = read_observations(write("seen.toml", GOOD + PHOTO)).one("fire")
    assert seen is not None
    assert (seen.photo_sha256, seen.photo_checked) == (
        hashlib.sha256(b"not really a picture").hexdigest(),
        True,
    )


def test_a_photo_that_was_changed_is_an_error(write: Write) -> None:
    write("after.jpg", "another picture")
    stated = hashlib.sha256(b"not really a picture").hexdigest()
    with pytest.raises(DefinitionError, match=r"photo_sha256.*has the SHA-256"):
        read_observations(write("seen.toml", GOOD + PHOTO + f'photo_sha256 = "{stated}"\n'))


def test_a_photo_elsewhere_needs_its_hash_and_counts_as_not_checked(write: Write) -> None:
    with pytest.raises(DefinitionError, match=r"no file 'after.jpg' and no hash"):
        read_observations(write("seen.toml", GOOD + PHOTO))
    seen = read_observations(write("seen.toml", GOOD + PHOTO + f'photo_sha256 = "{"0" * 64}"\n')).one("fire")
    assert seen is not None
    assert not seen.photo_checked


# --- slips of the pen --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "place", "said"),
    [
        ('value = "none"', 'value = "non"', r"observation\[1\].value", "none, present, slight"),
        ('name = "leakage"', 'name = "leekage"', r"observation\[1\].name", "leakage"),
        ("value = 812.4", 'value = "812.4"', r"observation\[2\].value", "without quotes"),
        (
            'unit = "g"\nstandard_uncertainty = 0.05\ninstrument = "Balance 3"\ntime',
            "time",
            "unit",
            "missing",
        ),
        ("standard_uncertainty = 0.05", "standard_uncertainty = -0.05", "standard_uncertainty", "below zero"),
        ('person = "Hong Gildong"', "", r"observation\[1\].person", "missing"),
        ("time = 2026-03-02T15:10:00+09:00", "", r"observation\[1\].time", "when this was seen"),
        ("time = 2026-03-02T15:10:00+09:00", 'time = "yesterday"', "time", "no date with a time"),
        ('name = "mass_after"', 'name = "mass_before"', r"observation\[3\].name", "in entry 2"),
        ('value = "none"', "value = 1.0", r"observation\[1\].value", "no number"),
        ('value = "none"', 'value = "none"\nunit = "g"', r"observation\[1\].unit", "a word has none"),
        ('value = "none"', 'value = "none"\npicture = "a.jpg"', r"observation\[1\].picture", "no such key"),
    ],
)
def test_a_slip_of_the_pen_names_file_entry_and_what_is_allowed(
    write: Write, old: str, new: str, place: str, said: str
) -> None:
    assert old in GOOD
    with pytest.raises(DefinitionError, match=rf"seen\.toml.*{place}.*{said}"):
        read_observations(write("seen.toml", GOOD.replace(old, new, 1)))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("leakage,slight", "leakage,slightly", "row 2.value.*slight"),
        ("0.0005", "small", "row 3.standard_uncertainty.*no number"),
        ("C-01,\n", "C-01,a,b\n", "more cells"),
        ("Kim,2026-03-02T15:10:00+09:00", "Kim,2 March", "row 1.time.*no date"),
    ],
)
def test_a_slip_in_a_csv_file_names_the_row(write: Write, old: str, new: str, said: str) -> None:
    assert old in CSV
    with pytest.raises(DefinitionError, match=said):
        read_observations(write("seen.csv", CSV.replace(old, new, 1)))


def test_a_laboratory_brings_words_of_its_own(write: Write) -> None:
    own = '[[observation]]\nname = "label"\nvalue = "faded"\n[enumeration.label]\nwords = ["legible", "faded"]\n'
    seen = read_observations(write("seen.toml", GOOD + own)).one("label")
    assert seen is not None
    assert seen.value == "faded"
    with pytest.raises(DefinitionError, match="faded, legible"):
        read_observations(write("seen.toml", GOOD + own.replace('value = "faded"', 'value = "gone"')))
    with pytest.raises(DefinitionError, match=r"enumeration.fire.*known already"):
        read_observations(write("seen.toml", GOOD + '[enumeration.fire]\nwords = ["a"]\n'))


def test_a_name_that_a_standard_asks_for_may_have_its_own_words(write: Write) -> None:
    text = GOOD + '[[observation]]\nname = "label_of_maker"\nvalue = "there"\n'
    assert (
        read_observations(write("a.toml", text), asked=["label_of_maker"]).one("label_of_maker") is not None
    )
    with pytest.raises(DefinitionError, match="has no words"):
        read_observations(write("b.toml", text))


def test_a_unit_of_another_quantity_and_a_word_as_a_number_are_errors(write: Write) -> None:
    seen = read_observations(write("seen.toml", GOOD))
    with pytest.raises(DefinitionError, match="cannot be had in 'V'"):
        seen.one("mass_before").as_measured("V")  # type: ignore[union-attr]
    with pytest.raises(InsufficientDataError, match="not as a number"):
        seen.one("leakage").as_measured()  # type: ignore[union-attr]


def test_every_enumeration_has_several_words_once_each() -> None:
    for name, words in ENUMERATIONS.items():
        assert len(words) == len(set(words)) >= 2, name
