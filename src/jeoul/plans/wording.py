"""A step of a plan in words, for tables, in English and Korean."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jeoul.plans.plan import (
    AdjustSoc,
    Constant,
    ConstantThenHold,
    Drive,
    Hold,
    Impedance,
    Leaf,
    Profile,
    Pulse,
    Rest,
    SetTemperature,
    Until,
)

_UNITS = {"rate": "C", "current_ampere": "A", "power_watt": "W"}
_QUANTITIES = {
    "en": {"rate": "C rate", "current_ampere": "current", "power_watt": "power"},
    "ko": {"rate": "율(C)", "current_ampere": "전류", "power_watt": "출력"},
}
_LIMITS = {
    "voltage_volt": {"en": "{:.4g} V", "ko": "{:.4g} V"},
    "cell_voltage_volt": {"en": "{:.4g} V of a cell", "ko": "셀 하나의 {:.4g} V"},
    "current_ampere": {"en": "{:.4g} A", "ko": "{:.4g} A"},
    "rate": {"en": "{:.4g} C", "ko": "{:.4g} C"},
    "capacity_ah": {"en": "{:.4g} Ah", "ko": "{:.4g} Ah"},
    "temperature_slope_kelvin_per_hour": {"en": "{:.4g} K/h", "ko": "{:.4g} K/h"},
}
_SENTENCES = {
    "constant": {"en": "{way} {drive}{until}", "ko": "{drive} {way}{until}"},
    "hold": {
        "en": "{way} {drive} to {volt} V, hold{until}",
        "ko": "{drive} {way}, {volt} V 도달 후 유지{until}",
    },
    "held": {"en": "hold {volt} V{until}", "ko": "{volt} V 유지{until}"},
    "rest": {"en": "rest{until}", "ko": "휴지{until}"},
    "pulse": {"en": "pulse {way} {drive} for {time}{limit}", "ko": "{way} 펄스 {drive}, {time}{limit}"},
    "pulse_end": {"en": ", ends at {volt} V", "ko": ", {volt} V에서 종료"},
    "pulse_hold": {"en": ", holds at {volt} V", "ko": ", {volt} V에서 정전압 유지"},
    "chamber": {"en": "chamber to {celsius} °C{ramp}", "ko": "챔버 {celsius} °C로 설정{ramp}"},
    "ramp": {"en": " at {ramp} K/min", "ko": "({ramp} K/min)"},
    "profile": {
        "en": "profile of {count} values of {quantity} over {time}{until}",
        "ko": "{quantity} 프로파일 {count}점, {time}{until}",
    },
    "adjust": {
        "en": "to {soc} % by {drive}, charge counted{until}",
        "ko": "SOC {soc} %로 조정: {drive}, 전하량 적산{until}",
    },
    "impedance": {"en": "impedance {start} Hz to {end} Hz", "ko": "임피던스 {start} Hz~{end} Hz"},
    "until": {"en": " until {ends}", "ko": ", {ends}까지"},
    "or": {"en": " or ", "ko": " 또는 "},
    "at_most": {"en": ", at most {time}", "ko": ", 최대 {time}"},
    "for": {"en": " for {time}", "ko": " {time}"},
    "charge": {"en": "charge", "ko": "충전"},
    "discharge": {"en": "discharge", "ko": "방전"},
}


def say_step(step: Leaf, language: str = "en") -> str:
    """What a step does: ``discharge 0.3333 C until 2 V``, ``0.3333 C 방전, 2 V까지``."""
    return _RULES[type(step)](step, language)


def say_second(second: float) -> str:
    """A time in the unit that is read most easily."""
    if second >= 3600:
        return f"{second / 3600:.4g} h"
    return f"{second / 60:.4g} min" if second >= 60 else f"{second:.4g} s"


def _say(key: str, language: str, **values: object) -> str:
    return _SENTENCES[key][language].format(**values)


def _drive(drive: Drive) -> str:
    return f"{drive.value:.4g} {_UNITS[drive.quantity]}"


def _until(until: Until, language: str) -> str:
    limits = [(form, getattr(until, name)) for name, form in _LIMITS.items()]
    said = [form[language].format(value) for form, value in limits if value is not None]
    ends = _say("or", language).join(said)
    reached = _say("until", language, ends=ends) if said else ""
    if until.duration_second is None:
        return reached
    key = "at_most" if said else "for"
    return reached + _say(key, language, time=say_second(until.duration_second))


def _driven(step: Constant | ConstantThenHold | Pulse, language: str) -> dict[str, str]:
    return {"way": _say(step.way, language), "drive": _drive(step.drive)}


def _constant(step: Constant, language: str) -> str:
    return _say("constant", language, **_driven(step, language), until=_until(step.until, language))


def _constant_then_hold(step: ConstantThenHold, language: str) -> str:
    volt, until = f"{step.voltage_volt:.4g}", _until(step.until, language)
    return _say("hold", language, **_driven(step, language), volt=volt, until=until)


def _hold(step: Hold, language: str) -> str:
    return _say("held", language, volt=f"{step.voltage_volt:.4g}", until=_until(step.until, language))


def _rest(step: Rest, language: str) -> str:
    return _say("rest", language, until=_until(step.until, language))


def _pulse(step: Pulse, language: str) -> str:
    limit = ""
    if step.limit_volt is not None:
        limit = _say(f"pulse_{step.at_limit}", language, volt=f"{step.limit_volt:.4g}")
    time = say_second(step.duration_second)
    return _say("pulse", language, **_driven(step, language), time=time, limit=limit)


def _chamber(step: SetTemperature, language: str) -> str:
    slope = step.kelvin_per_minute
    ramp = "" if slope is None else _say("ramp", language, ramp=f"{slope:.4g}")
    return _say("chamber", language, celsius=f"{step.celsius:g}", ramp=ramp)


def _profile(step: Profile, language: str) -> str:
    quantity, time = _QUANTITIES[language][step.quantity], say_second(step.duration_second)
    count, until = len(step.value), _until(step.until, language)
    return _say("profile", language, count=count, quantity=quantity, time=time, until=until)


def _adjust(step: AdjustSoc, language: str) -> str:
    soc, until = f"{100 * step.soc:.4g}", _until(step.until, language)
    return _say("adjust", language, soc=soc, drive=_drive(step.drive), until=until)


def _impedance(step: Impedance, language: str) -> str:
    start, end = f"{step.start_hertz:.4g}", f"{step.end_hertz:.4g}"
    return _say("impedance", language, start=start, end=end)


_RULES: dict[type, Callable[[Any, str], str]] = {
    Constant: _constant,
    ConstantThenHold: _constant_then_hold,
    Hold: _hold,
    Rest: _rest,
    Pulse: _pulse,
    Profile: _profile,
    SetTemperature: _chamber,
    AdjustSoc: _adjust,
    Impedance: _impedance,
}
