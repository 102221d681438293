"""What another program cannot say of a plan, in as few words as name every step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

Gaps = Iterable[tuple[str, str]]
"""The number of a step in the programme, and why it cannot be said."""


def each_gap(gaps: Gaps) -> tuple[str, ...]:
    """A sentence for each step: ``Step 3: it has no constant power.``"""
    return tuple(f"Step {place}: {why}." for place, why in gaps)


def all_gaps(gaps: Gaps) -> str:
    """Every step by its reason: ``Steps 3, 7: it has no constant power.``"""
    return " ".join(_sentence(places, why) for why, places in _by_reason(gaps).items())


def _by_reason(gaps: Gaps) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for place, why in gaps:
        found.setdefault(why, []).append(place)
    return found


def _sentence(places: list[str], why: str) -> str:
    return f"{'Steps' if len(places) > 1 else 'Step'} {', '.join(places)}: {why}."
