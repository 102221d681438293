"""A Digital Calibration Certificate as the source of an accuracy: answers from arithmetic and from the GUM."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from jeoul.errors import DefinitionError
from jeoul.uncertainty import Error, accuracy_of, accuracy_toml, read_accuracy, read_certificate
from jeoul.uncertainty.calibration_certificate import (
    CalibrationPoint,
    calibration_line,
    covering_uncertainties,
)


def numbers(values: list[float]) -> str:
    return " ".join(repr(value) for value in values)


def quantity(kind: str, values: list[float], unit: str, uncertainty: str = "") -> str:
    return (
        f'<dcc:quantity refType="{kind}"><si:realListXMLList><si:valueXMLList>{numbers(values)}</si:valueXMLList>'
        f"<si:unitXMLList>{unit}</si:unitXMLList>{uncertainty}</si:realListXMLList></dcc:quantity>"
    )


def expanded(values: list[float], factor: float = 2.0) -> str:
    """As D-SI 2.x writes it; one coverage factor holds for all."""
    return (
        "<si:measurementUncertaintyUnivariateXMLList><si:expandedMUXMLList>"
        f"<si:valueExpandedMUXMLList>{numbers(values)}</si:valueExpandedMUXMLList>"
        f"<si:coverageFactorXMLList>{factor}</si:coverageFactorXMLList>"
        "<si:coverageProbabilityXMLList>0.95</si:coverageProbabilityXMLList>"
        "</si:expandedMUXMLList></si:measurementUncertaintyUnivariateXMLList>"
    )


def earlier(values: list[float], factor: float = 2.0) -> str:
    """As D-SI 1.x writes it."""
    return (
        f"<si:expandedUncXMLList><si:uncertaintyXMLList>{numbers(values)}</si:uncertaintyXMLList>"
        f"<si:coverageFactorXMLList>{factor}</si:coverageFactorXMLList></si:expandedUncXMLList>"
    )


def result(name: str, *quantities: str) -> str:
    return (
        f'<dcc:result><dcc:name><dcc:content lang="en">{name}</dcc:content></dcc:name>'
        f"<dcc:data><dcc:list>{''.join(quantities)}</dcc:list></dcc:data></dcc:result>"
    )


VOLTAGE = result(
    "DC voltage",
    quantity("basic_referenceValue", [0.0, 2500.0, 5000.0], r"\milli\volt"),
    quantity("basic_measurementError", [0.5, 0.75, 1.0], r"\milli\volt", expanded([0.4, 0.4, 0.4])),
)
CURRENT = result(
    "DC current",
    quantity("basic_referenceValue", [-100.0, -50.0, 50.0, 100.0], r"\ampere"),
    quantity(
        "basic_measuredValue", [-100.02, -50.01, 50.01, 100.02], r"\ampere", earlier([0.02, 0.01, 0.01, 0.02])
    ),
)
TIME = result(
    "time",
    quantity("basic_nominalValue", [3600.0], r"\second"),
    quantity("basic_measurementError", [0.03], r"\second", expanded([0.08])),
)


def certificate(*results: str, head: str = "", signature: str = "") -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?>{head}
<dcc:digitalCalibrationCertificate xmlns:dcc="https://ptb.de/dcc" xmlns:si="https://ptb.de/si" schemaVersion="3.3.0">
<dcc:administrativeData>
<dcc:coreData><dcc:uniqueIdentifier>K-2026-117</dcc:uniqueIdentifier>
<dcc:beginPerformanceDate>2026-01-04</dcc:beginPerformanceDate><dcc:endPerformanceDate>2026-01-05</dcc:endPerformanceDate>
<dcc:issueDate>2026-01-09</dcc:issueDate></dcc:coreData>
<dcc:items><dcc:item><dcc:name><dcc:content lang="ko">충방전기 7</dcc:content><dcc:content lang="en">Cycler 7</dcc:content></dcc:name>
<dcc:model>CT-100</dcc:model><dcc:identifications><dcc:identification><dcc:issuer>customer</dcc:issuer><dcc:value>bay 3</dcc:value></dcc:identification>
<dcc:identification><dcc:issuer>manufacturer</dcc:issuer><dcc:value>A-1234</dcc:value></dcc:identification></dcc:identifications></dcc:item></dcc:items>
<dcc:calibrationLaboratory><dcc:contact><dcc:name><dcc:content>Calibration House</dcc:content></dcc:name></dcc:contact></dcc:calibrationLaboratory>
</dcc:administrativeData>
<dcc:measurementResults><dcc:measurementResult><dcc:results>{"".join(results)}</dcc:results></dcc:measurementResult></dcc:measurementResults>
{signature}</dcc:digitalCalibrationCertificate>"""


@pytest.fixture
def written(tmp_path: Path):
    def write(*results: str, **parts: str) -> Path:
        path = tmp_path / "certificate.xml"
        path.write_text(certificate(*results, **parts), encoding="utf-8")
        return path

    return write


def test_the_line_of_the_guide() -> None:
    """JCGM 100:2008, H.3: a thermometer, 11 readings, deviations at t - 20 degC with s = 0.0035 degC."""
    temperature = [21.521, 22.012, 22.512, 23.003, 23.507, 23.999, 24.513, 25.002, 25.503, 26.010, 26.511]
    correction = [-0.171, -0.169, -0.166, -0.159, -0.164, -0.165, -0.156, -0.157, -0.159, -0.161, -0.160]
    points = [CalibrationPoint(t - 20.0, b, 0.0035) for t, b in zip(temperature, correction, strict=True)]
    line = calibration_line(points)
    assert line.offset == pytest.approx(-0.1712, abs=5e-5)
    assert line.offset_standard_uncertainty == pytest.approx(0.0029, abs=5e-5)
    assert line.gain == pytest.approx(0.00218, abs=5e-6)
    assert line.gain_standard_uncertainty == pytest.approx(0.00067, abs=5e-6)
    assert line.correlation == pytest.approx(-0.930, abs=5e-4)


def test_a_constant_uncertainty_is_an_offset_and_a_proportional_one_is_a_gain() -> None:
    constant = [CalibrationPoint(r, 0.0, 0.02) for r in (0.0, 1.0, 5.0)]
    assert covering_uncertainties(constant) == pytest.approx((0.02, 0.0))
    proportional = [CalibrationPoint(r, 0.0, 1e-4 * r) for r in (1.0, 2.0, 5.0)]
    assert covering_uncertainties(proportional) == pytest.approx((0.0, 1e-4))


def test_both_together_cover_every_point_and_meet_two() -> None:
    """u^2 = 0.01^2 + (0.002 r)^2 at two points, and less between: the answer is those two numbers."""
    points = [CalibrationPoint(r, 0.0, math.hypot(0.01, 0.002 * r)) for r in (1.0, 10.0)]
    points.append(CalibrationPoint(5.0, 0.0, 0.005))
    assert covering_uncertainties(points) == pytest.approx((0.01, 0.002))


def test_what_a_certificate_says(written) -> None:
    read = read_certificate(written(VOLTAGE, CURRENT))
    assert (read.identifier, read.laboratory) == ("K-2026-117", "Calibration House")
    assert (read.instrument, read.serial) == ("Cycler 7 CT-100", "A-1234")
    assert (str(read.calibrated_on), str(read.issued_on), read.signed) == ("2026-01-05", "2026-01-09", False)
    voltage = read.of("voltage")[0].line
    # 0.5 mV at zero, 0.1 mV a volt.
    assert (voltage.offset, voltage.gain) == pytest.approx((0.5e-3, 0.1e-3))
    current = read.of("current")[0]
    assert current.both_ways
    assert (current.line.offset, current.line.gain) == pytest.approx((0.0, 2e-4), abs=1e-12)
    assert current.line.largest_residual == pytest.approx(0.0, abs=1e-12)


def test_what_was_found_wrong_stays_in_readings_that_are_not_corrected(written) -> None:
    accuracy = accuracy_of(read_certificate(written(VOLTAGE, CURRENT)), clock=Error(1e-5))
    voltage, current = accuracy.voltage[0], accuracy.current[0]
    assert (voltage.full_scale, current.full_scale) == (5.0, 100.0)
    # U = 0.4 mV at k = 2 is 0.2 mV everywhere; with the offset of 0.5 mV: 0.5385 mV.
    assert voltage.offset.standard_uncertainty == pytest.approx(math.hypot(0.2e-3, 0.5e-3))
    assert voltage.gain is not None
    assert voltage.gain.standard_uncertainty == pytest.approx(0.1e-3)
    # U = 2e-4 of the reading at k = 2 is 1e-4; with the gain of 2e-4.
    assert current.gain is not None
    assert current.gain.standard_uncertainty == pytest.approx(math.hypot(1e-4, 2e-4))
    assert current.offset.standard_uncertainty == pytest.approx(0.0, abs=1e-9)
    assert current.direction == "both"


def test_what_is_not_straight_is_in_the_offset_too(written) -> None:
    """0, 0.3, 0 mV: the line is 0.1 mV, the middle lies 0.2 mV off it, a limit: 0.2 / sqrt(3)."""
    bent = result(
        "DC voltage",
        quantity("basic_referenceValue", [0.0, 1.0, 2.0], r"\volt"),
        quantity("basic_measurementError", [0.0, 0.3, 0.0], r"\milli\volt", expanded([0.2])),
    )
    offset = accuracy_of(read_certificate(written(bent, CURRENT)), clock=Error(1e-5)).voltage[0].offset
    assert offset.standard_uncertainty == pytest.approx(1e-3 * math.hypot(0.1, 0.1, 0.2 / math.sqrt(3)))


def test_a_certificate_with_a_time_needs_nothing_more(written) -> None:
    path = written(VOLTAGE, CURRENT, TIME)
    accuracy = read_accuracy(path)
    # 0.03 s and U / 2 = 0.04 s in an hour are 0.05 s.
    assert accuracy.clock.standard_uncertainty == pytest.approx(0.05 / 3600)
    assert accuracy.status == "verified"
    assert "K-2026-117" in accuracy.source
    assert "not signed" in accuracy.source
    assert accuracy.instrument == "Cycler 7 CT-100 A-1234 calibrated 2026-01-05"


def test_the_accuracy_file_says_the_same(written, tmp_path: Path) -> None:
    read = read_certificate(written(VOLTAGE, CURRENT, TIME))
    direct = accuracy_of(read)
    file = tmp_path / "accuracy.toml"
    file.write_text(accuracy_toml(direct, read), encoding="utf-8")
    again = read_accuracy(file)
    assert {**again.as_dict(), "sha256": ""} == {**direct.as_dict(), "sha256": ""}
    assert "gain 0.0001, its u " in file.read_text("utf-8")


def test_currents_of_one_sign_and_a_missing_clock_are_asked_for(written) -> None:
    one_way = result(
        "DC current",
        quantity("basic_referenceValue", [50.0, 100.0], r"\ampere"),
        quantity("basic_measurementError", [0.02, 0.04], r"\percent", expanded([0.02, 0.02])),
    )
    read = read_certificate(written(VOLTAGE, one_way))
    with pytest.raises(DefinitionError, match="--current-direction"):
        accuracy_of(read, clock=Error(1e-5))
    with pytest.raises(DefinitionError, match="--clock-limit-ppm"):
        accuracy_of(read, current_direction="discharge")
    # 0.02 % of 50 A and 0.04 % of 100 A are 0.01 A and 0.04 A.
    assert [p.deviation for p in read.of("current")[0].points] == pytest.approx([0.01, 0.04])


def test_what_is_not_taken_is_named(written) -> None:
    pressure = result("pressure", quantity("basic_referenceValue", [1.0], r"\pascal"))
    bare = result(
        "no uncertainty",
        quantity("basic_referenceValue", [1.0], r"\volt"),
        quantity("basic_measurementError", [0.0], r"\volt"),
    )
    read = read_certificate(written(VOLTAGE, pressure, bare))
    assert [entry.name for entry in read.ranges] == ["DC voltage"]
    assert read.left_out == (
        r"'pressure': the unit '\pascal' is not known here",
        "'no uncertainty': no uncertainty is stated",
    )


def test_a_signature_is_reported_and_not_believed(written) -> None:
    read = read_certificate(
        written(VOLTAGE, signature='<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>')
    )
    assert read.signed


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE x SYSTEM "http://example.invalid/x.dtd">',
    ],
)
def test_a_file_that_could_grow_or_reach_outside_is_refused(written, head: str) -> None:
    with pytest.raises(DefinitionError, match="DOCTYPE"):
        read_certificate(written(VOLTAGE, head=head))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<other/>", "no Digital Calibration Certificate"),
        ("not xml", "no valid XML"),
        (certificate(VOLTAGE).replace("3.3.0", "2.4.0"), "version 3"),
        (
            certificate(VOLTAGE).replace("endPerformanceDate", "x").replace("beginPerformanceDate", "y"),
            "no day of calibration",
        ),
        (certificate(), "no calibrated range"),
    ],
)
def test_what_is_no_certificate_is_refused_with_its_path(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "other.xml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionError, match=message) as refused:
        read_certificate(path)
    assert refused.value.path == str(path)
