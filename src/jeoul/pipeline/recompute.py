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
from jeoul.readers.description import description_files

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
    accuracy, observations, the description of a laboratory's own text) is taken from `embedded`, by the hash
    that the evaluation names. The standard, the clauses and what was agreed of the decision (rule, guard
    multiplier or risk, greatest share of U) are those of the reported evaluation, and its raw files are
    joined as they were. Anything that the request does state is used as stated, and named where the report
    says otherwise.

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
    if "agreed" not in reported:  # Written before it was kept.
        fresh.pop("agreed")
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
    contents = {sha256: content for sha256, (_, content) in by_hash.items()}
    limits = request.limits or kept.get("limits")
    whole = replace(
        request,
        standard=request.standard or str(kept.get("standard") or reported["standard"]["id"]),
        item=request.item or kept.get("item"),
        limits=limits,
        accuracy=request.accuracy or kept.get("accuracy"),
        observations=request.observations or kept.get("observations"),
        clauses=request.clauses or _clauses(reported),
        description=request.description or _placed(_described_by(reported), contents, folder / "described"),
        join=request.join or _was_joined(reported),
    )
    return replace(whole, **_agreed(whole, reported, limits))


def _described_by(reported: Mapping[str, Any]) -> dict[str, str]:
    """The description that the raw files were read by and what it names: hashes by names, its own first."""
    found: dict[str, str] = {}
    for run in reported["runs"]:
        for file in run["provenance"].get("described_by", ()):
            found.setdefault(str(file["file_name"]), str(file["sha256"]))
    return found


def _placed(described_by: Mapping[str, str], contents: Mapping[str, bytes], folder: Path) -> Path | None:
    """Write a description and what it names as they lay; its path, or None where the report has it not.

    A name that leads out of the folder is not followed: who wrote the report does not choose where we write.
    """
    for name, sha256 in described_by.items():
        place = (folder / name).resolve()
        if sha256 in contents and place.is_relative_to(folder.resolve()):
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(contents[sha256])
    own = folder / next(iter(described_by), "")
    return own if own.is_file() else None


def _was_joined(reported: Mapping[str, Any]) -> bool:
    """Whether the one test of the report was read from consecutive files."""
    runs = reported["runs"]
    return len(runs) == 1 and bool(runs[0]["provenance"].get("parts"))


AGREED = ("guard_multiplier", "risk", "greatest_share")
_ONE_OF = ("guard_multiplier", "risk")
"""A guarded rule has one of them: who states one has not left out the other."""


def _agreed(request: Request, reported: Mapping[str, Any], limits: Path | None) -> dict[str, Any]:
    """The agreement of the report, but for what the request states, or a profile that is another one.

    A profile that is not the reported one is asked what it would have come to, so its own agreement holds.
    """
    from jeoul.standards import read_limits

    profile = read_limits(limits) if limits is not None and limits.is_file() else None
    is_another = profile is not None and profile.sha256 != _named(reported).get("limits")
    told = {"rule": reported["rule"], **reported.get("agreed", {})}
    stated = {name for name in AGREED if getattr(request, name) is not None}
    stated |= {name for name in AGREED if is_another and getattr(profile, name) is not None}
    stated |= set(_ONE_OF) if stated & set(_ONE_OF) else set()
    found = {name: told.get(name) for name in AGREED if name not in stated}
    says_rule = profile is not None and profile.rule is not None
    return {**found, "rule": request.rule or (None if says_rule else str(told["rule"]))}


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


def _clauses(reported: Mapping[str, Any]) -> tuple[str, ...]:
    """The clauses that were asked for by name: none where all were, of which some may not have been run."""
    asked = reported.get("agreed", {}).get("clauses", reported["standard"].get("clauses"))
    return tuple(dict.fromkeys(str(clause) for clause in asked or ()))


def _moved(request: Request, reported: Mapping[str, Any]) -> Iterator[str]:
    """Inputs whose hash is not the one that the evaluation names."""
    raw = {file["sha256"]: file["file_name"] for run in reported["runs"] for file in _files_of(run)}
    there = {path: _sha256(path) for path in request.paths if path.is_file()}
    for path, sha256 in there.items():
        if sha256 not in raw:
            yield f"the raw file '{path.name}' is not one that the report names."
    for sha256, name in raw.items():
        if sha256 not in there.values():
            yield f"the raw file '{name}' of the report was not given."
    yield from _another_agreement(request, reported)
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
    yield from _another_description(request.description, reported)
    for key, sha256 in _named(reported).items():
        place = given.get(key)
        if place is not None and Path(place).is_file() and _sha256(Path(place)) != sha256:
            yield f"the {words[key]} '{Path(place).name}' is not the one that the report names."


def _another_description(path: Path | None, reported: Mapping[str, Any]) -> Iterator[str]:
    """Where the description, or a file that it names, is not what the report was read by."""
    told = _described_by(reported)
    if path is None:
        yield from (f"the description '{name}' of the report was not given." for name in [*told][:1])
    elif path.is_file() and not told:
        yield f"the report names no description; '{path.name}' was used."
    elif path.is_file() and _sha256(path) != next(iter(told.values())):
        yield f"the description '{path.name}' is not the one that the report names."
    elif path.is_file():
        for name, place in [*description_files(path).items()][1:]:
            if not place.is_file() or _sha256(place) != told.get(name):
                yield f"the file '{name}' of the description is not the one that the report names."


def _files_of(run: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The raw files of a run: its parts where several were joined."""
    return run["provenance"].get("parts") or [run["provenance"]]


def _another_agreement(request: Request, reported: Mapping[str, Any]) -> Iterator[str]:
    """What the request states of the decision that the report says otherwise."""
    told = {"rule": reported["rule"], **reported.get("agreed", {})}
    for name in ("rule", *AGREED):
        stated = getattr(request, name)
        if stated is not None and name in told and stated != told[name]:
            own = name.replace("_", " ")
            yield f"the agreement's {own} is {stated}, the report was judged by {told[name]}."


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _comparable(evaluation: Mapping[str, Any]) -> dict[str, Any]:
    """What a reader acts on: verdicts, clauses, results and which rows of which bytes."""
    runs = [{"sha256": run["provenance"]["sha256"], "rows": run["rows"]} for run in evaluation["runs"]]
    kept = {key: evaluation[key] for key in ("conformity", "verdict", "rule", "clauses")}
    return {**kept, "agreed": evaluation.get("agreed", {}), "runs": runs}


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
