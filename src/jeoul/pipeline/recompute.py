"""Does the raw file still give what the report says? The evaluation worked out anew and compared.

Every value, uncertainty, limit, verdict and condition of the evaluation that a report carries is set
beside that of a fresh evaluation of the raw files, made with the item, profile, accuracy and observations
that are given or that the report carries in itself. What differs is named by its place; an input that is
not the one that the report names is named first, by its hash.
"""

from __future__ import annotations

import hashlib
import math
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jeoul.errors import JeoulError, OutOfValidityError
from jeoul.pipeline.path import Request, Say, follow

RELATIVE = 1e-9
"""Two values that differ by less are one: the order of floating point additions may differ by machine."""

_LEFT_OUT = ("read_at", "software_version", "reader_version")


@dataclass(frozen=True)
class Difference:
    """One place where the fresh evaluation is not the reported one."""

    place: str
    reported: Any
    found: Any

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {"place": self.place, "reported": self.reported, "found": self.found}


@dataclass(frozen=True)
class Recomputation:
    """The answer. `moved` names inputs that are not the reported ones; `differences` what came out else."""

    moved: tuple[str, ...]
    differences: tuple[Difference, ...]
    compared: int
    error: str = ""

    @property
    def agrees(self) -> bool:
        """Whether the inputs are the reported ones and every value and verdict came out the same."""
        return not (self.moved or self.differences or self.error)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "agrees": self.agrees,
            "moved": list(self.moved),
            "differences": [one.as_dict() for one in self.differences],
            "compared": self.compared,
            "error": self.error,
        }


def recompute(
    document: Mapping[str, Any],
    request: Request,
    *,
    embedded: Mapping[str, bytes] | None = None,
    say: Say = lambda text: None,
) -> Recomputation:
    """Evaluate the raw files of a request anew and compare with a reported evaluation.

    document: what `evaluation.json` holds. request: the raw files; what it leaves out (item, profile,
    accuracy, observations) is taken from `embedded`, by the hash that the evaluation names. The standard,
    the rule and the clauses are those of the reported evaluation.

    Raises `OutOfValidityError` where the document is no evaluation.
    """
    reported = document.get("evaluation")
    if not isinstance(reported, Mapping):
        raise OutOfValidityError(
            "this is no evaluation.", advice="Take it from the report that it was signed in."
        )
    with tempfile.TemporaryDirectory() as folder:
        whole = _completed(request, reported, dict(embedded or {}), Path(folder))
        moved = tuple(_moved(whole, reported))
        try:
            evaluation = follow(whole, say).evaluation
        except JeoulError as error:
            return Recomputation(moved, (), 0, str(error))
    assert evaluation is not None
    fresh = evaluation.as_dict()
    compared = list(_pairs("", _comparable(reported), _comparable(fresh)))
    differences = tuple(Difference(*pair) for pair in compared if not _equal(pair[1], pair[2]))
    return Recomputation(moved, differences, len(compared))


def _completed(
    request: Request, reported: Mapping[str, Any], embedded: dict[str, bytes], folder: Path
) -> Request:
    """The request with what it leaves out, from the files that the report carries."""
    by_hash = {hashlib.sha256(content).hexdigest(): (name, content) for name, content in embedded.items()}
    kept: dict[str, Path] = {}
    for key, sha256 in _named(reported).items():
        if sha256 in by_hash:
            name, content = by_hash[sha256]
            kept[key] = folder / Path(name).name
            kept[key].write_bytes(content)
    limits = request.limits or kept.get("limits")
    return replace(
        request,
        standard=request.standard or str(kept.get("standard") or reported["standard"]["id"]),
        item=request.item or kept.get("item"),
        limits=limits,
        accuracy=request.accuracy or kept.get("accuracy"),
        observations=request.observations or kept.get("observations"),
        clauses=request.clauses or tuple(_clauses(reported)),
        rule=request.rule or _rule(reported, limits),
    )


def _named(reported: Mapping[str, Any]) -> dict[str, str]:
    """The hash of every definition that the evaluation names."""
    limits = reported["standard"].get("limits") or {}
    found = {
        "standard": reported["standard"].get("sha256"),
        "limits": limits.get("sha256"),
        "item": reported["item"].get("sha256"),
        "accuracy": (reported.get("accuracy") or {}).get("sha256"),
        "observations": (reported.get("observations") or {}).get("sha256"),
    }
    return {key: str(value) for key, value in found.items() if value}


def _rule(reported: Mapping[str, Any], limits: Path | None) -> str | None:
    """The rule, unless the profile states it: it is stated once."""
    from jeoul.standards import read_limits

    stated = limits is not None and limits.is_file() and read_limits(limits).rule is not None
    return None if stated else str(reported["rule"])


def _clauses(reported: Mapping[str, Any]) -> Iterator[str]:
    yield from dict.fromkeys(str(clause) for clause in reported["standard"].get("clauses", ()))


def _moved(request: Request, reported: Mapping[str, Any]) -> Iterator[str]:
    """Inputs whose hash is not the one that the evaluation names."""
    raw = [run["provenance"]["sha256"] for run in reported["runs"]]
    for path in request.paths:
        if path.is_file() and _sha256(path) not in raw:
            yield f"the raw file '{path.name}' is not one that the report names."
    there = {_sha256(path) for path in request.paths if path.is_file()}
    for run in reported["runs"]:
        if run["provenance"]["sha256"] not in there:
            yield f"the raw file '{run['provenance']['file_name']}' of the report was not given."
    given = {
        "limits": request.limits,
        "item": request.item,
        "accuracy": request.accuracy,
        "observations": request.observations,
    }
    words = {
        "limits": "profile",
        "item": "item file",
        "accuracy": "accuracy file",
        "observations": "observations",
    }
    for key, sha256 in _named(reported).items():
        place = given.get(key)
        if place is not None and Path(place).is_file() and _sha256(Path(place)) != sha256:
            yield f"the {words[key]} '{Path(place).name}' is not the one that the report names."


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _comparable(evaluation: Mapping[str, Any]) -> dict[str, Any]:
    """What a reader acts on: verdicts, clauses, results and which rows of which bytes."""
    runs = [{"sha256": run["provenance"]["sha256"], "rows": run["rows"]} for run in evaluation["runs"]]
    kept = {key: evaluation[key] for key in ("conformity", "verdict", "rule", "clauses")}
    return {**kept, "runs": runs}


def _pairs(place: str, reported: Any, found: Any) -> Iterator[tuple[str, Any, Any]]:
    """Every pair of leaves; a leaf that only one side has stands against None."""
    if isinstance(reported, Mapping) and isinstance(found, Mapping):
        for key in dict.fromkeys((*reported, *found)):
            if key not in _LEFT_OUT:
                yield from _pairs(f"{place}.{key}" if place else str(key), reported.get(key), found.get(key))
    elif _is_list(reported) and _is_list(found):
        for n in range(max(len(reported), len(found))):
            pair = (one[n] if n < len(one) else None for one in (reported, found))
            yield from _pairs(f"{place}[{n + 1}]", *pair)
    else:
        yield place, reported, found


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _equal(reported: Any, found: Any) -> bool:
    if isinstance(reported, float) or isinstance(found, float):
        return _same_number(reported, found)
    return bool(reported == found or str(reported) == str(found))


def _same_number(reported: Any, found: Any) -> bool:
    numbers = [math.nan if value is None else float(value) for value in (reported, found)]
    if all(not math.isfinite(number) for number in numbers):
        return True
    return math.isclose(*numbers, rel_tol=RELATIVE, abs_tol=1e-15)
