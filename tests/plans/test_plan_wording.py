"""A step of a plan in words, in both languages."""

from __future__ import annotations

import pytest

from jeoul.plans import (
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
from jeoul.plans.wording import say_step

C3 = Drive("rate", 1 / 3)


@pytest.mark.parametrize(
    ("step", "english", "korean"),
    [
        (
            Constant("discharge", C3, Until(voltage_volt=2.5)),
            "discharge 0.3333 C until 2.5 V",
            "0.3333 C 방전, 2.5 V까지",
        ),
        (
            Constant("charge", Drive("power_watt", 5.0), Until(capacity_ah=1.0, duration_second=7200.0)),
            "charge 5 W until 1 Ah, at most 2 h",
            "5 W 충전, 1 Ah까지, 최대 2 h",
        ),
        (
            ConstantThenHold("charge", Drive("current_ampere", 1.0), 3.65, Until(current_ampere=0.1)),
            "charge 1 A to 3.65 V, hold until 0.1 A",
            "1 A 충전, 3.65 V 도달 후 유지, 0.1 A까지",
        ),
        (Hold(3.65, Until(duration_second=600.0)), "hold 3.65 V for 10 min", "3.65 V 유지 10 min"),
        (Rest(Until(duration_second=43200.0)), "rest for 12 h", "휴지 12 h"),
        (
            Pulse("discharge", Drive("current_ampere", 8.0), 18.0, 2.0, "hold"),
            "pulse discharge 8 A for 18 s, holds at 2 V",
            "방전 펄스 8 A, 18 s, 2 V에서 정전압 유지",
        ),
        (SetTemperature(-10.0), "chamber to -10 °C", "챔버 -10 °C로 설정"),
        (
            AdjustSoc(0.5, C3, "rated"),
            "to 50 % by 0.3333 C, charge counted",
            "SOC 50 %로 조정: 0.3333 C, 전하량 적산",
        ),
        (
            Profile("rate", (0.0, 10.0), (-1.0, 0.5), 30.0),
            "profile of 2 values of C rate over 30 s",
            "율(C) 프로파일 2점, 30 s",
        ),
        (
            Impedance(1000.0, 0.01, 10, 0.01, None),
            "impedance 1000 Hz to 0.01 Hz",
            "임피던스 1000 Hz~0.01 Hz",
        ),
    ],
)
def test_a_step_is_said_in_both_languages(step: Leaf, english: str, korean: str) -> None:
    assert (say_step(step), say_step(step, "ko")) == (english, korean)
