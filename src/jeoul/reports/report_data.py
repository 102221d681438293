"""What a laboratory says around an evaluation: the contents of `report.toml`, typed.

::

    number = "JBC-2026-0412"                       # unique; on every page
    deviations = []                                # what the laboratory added, left out or did otherwise

    [laboratory]
    name = { ko = "저울 배터리시험소", en = "Jeoul Battery Centre" }   # or one text for both languages
    address = "1 Saneop-ro, Daegu"
    location = "Hall 2, same address"              # where the test was done
    accreditation = "KT-0000"                      # optional
    outside_scope = ["7.5"]                        # optional: clauses that the accreditation does not cover

    [customer]
    name = "Hanbit Mobility"
    contact = "2 Gongdan-ro, Gumi; Kim Yuna, yuna@example.com"

    [item]                                         # what the item file does not already say
    identification = "A-0042"
    condition = "new, no damage seen"
    received_on = 2026-03-02

    [dates]
    started_on = 2026-03-05
    finished_on = 2026-03-09
    issued_on = 2026-03-12

    [sampling]
    by = "customer"                                # laboratory, customer, other or none
    plan = ""                                      # plan, method, place: needed where the laboratory sampled

    [[equipment]]
    name = "Cycler 7, channel 17"
    serial = "C7-17"
    certificate = "KT-2026-118"
    calibrated_by = "KT-0001"
    calibrated_on = 2026-01-10
    calibration_due = 2027-01-10

    [[environment]]
    quantity = { ko = "챔버 온도", en = "Chamber temperature" }
    value = "25.0 °C ± 0.5 K"

    [performed_by]
    name = "Hong Gildong"
    role = "Test engineer"
    [authorised_by]
    name = "Lee Sunsin"
    role = "Technical manager"

    [[external]]                                   # or external = []: nobody else took part
    provider = "Another Laboratory, KT-0002"
    what = "dimensions"
    clause = "7.1"                                 # optional: marks the results of this clause
    [[customer_supplied]]                          # or customer_supplied = []
    what = "rated capacity"
    keys = ["rated_capacity_ah"]                   # of the item file; marked where they are printed
    affects_validity = true
    [[opinion]]
    text = "The spread of the cells is small."
    basis = "clause 7.2, three cells"
    by = "Lee Sunsin"
    [amendment]
    of = "JBC-2026-0398"
    issued_on = 2026-02-20
    reason = "The serial number was wrong."
    changes = ["Serial number on page 1."]

Every entry may be left out of a draft; `lacking` (in `completeness`) names what an issued report must have.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from jeoul.standards.tables import LANGUAGES, Table, read_table

Texts = Mapping[str, str]
"""A text by language; under an empty name where it is the same in all."""
State = Literal["draft", "issue"]
STATES: tuple[State, ...] = ("draft", "issue")
SAMPLED_BY = ("laboratory", "customer", "other", "none")


@dataclass(frozen=True)
class Laboratory:
    """Who is responsible for the report, and where the work was done."""

    name: Texts = field(default_factory=dict)
    address: Texts = field(default_factory=dict)
    location: Texts = field(default_factory=dict)
    contact: Texts = field(default_factory=dict)
    accreditation: Texts = field(default_factory=dict)
    outside_scope: tuple[str, ...] = ()


@dataclass(frozen=True)
class Customer:
    """For whom."""

    name: Texts = field(default_factory=dict)
    contact: Texts = field(default_factory=dict)


@dataclass(frozen=True)
class ItemAsReceived:
    """What the laboratory says of the item beside its declared attributes."""

    description: Texts = field(default_factory=dict)
    identification: Texts = field(default_factory=dict)
    condition: Texts = field(default_factory=dict)
    received_on: date | None = None


@dataclass(frozen=True)
class Dates:
    """First and last day of the work, and the day of issue."""

    started_on: date | None = None
    finished_on: date | None = None
    issued_on: date | None = None


@dataclass(frozen=True)
class Sampling:
    """Who drew the sample and, where that was the laboratory, how."""

    by: str = ""
    plan: Texts = field(default_factory=dict)
    method: Texts = field(default_factory=dict)
    place: Texts = field(default_factory=dict)
    sampled_on: date | None = None


@dataclass(frozen=True)
class Equipment:
    """One instrument with its calibration."""

    name: Texts = field(default_factory=dict)
    serial: Texts = field(default_factory=dict)
    manufacturer: Texts = field(default_factory=dict)
    model: Texts = field(default_factory=dict)
    software_version: Texts = field(default_factory=dict)
    certificate: Texts = field(default_factory=dict)
    calibrated_by: Texts = field(default_factory=dict)
    calibrated_on: date | None = None
    calibration_due: date | None = None


@dataclass(frozen=True)
class Surrounding:
    """One condition of the surroundings."""

    quantity: Texts = field(default_factory=dict)
    value: Texts = field(default_factory=dict)


@dataclass(frozen=True)
class Person:
    """Somebody who signs."""

    name: Texts = field(default_factory=dict)
    role: Texts = field(default_factory=dict)


@dataclass(frozen=True)
class External:
    """Work of another provider; `clause` and `result` mark its results where they are printed."""

    provider: Texts = field(default_factory=dict)
    what: Texts = field(default_factory=dict)
    clause: str = ""
    result: str = ""


@dataclass(frozen=True)
class CustomerSupplied:
    """Data that the customer answers for."""

    what: Texts = field(default_factory=dict)
    keys: tuple[str, ...] = ()
    affects_validity: bool = False


@dataclass(frozen=True)
class Opinion:
    """An opinion or interpretation, its basis and who holds it."""

    text: Texts = field(default_factory=dict)
    basis: Texts = field(default_factory=dict)
    by: Texts = field(default_factory=dict)


@dataclass(frozen=True)
class Amendment:
    """That this report stands in the place of another, what changed and why."""

    of: str = ""
    issued_on: date | None = None
    reason: Texts = field(default_factory=dict)
    changes: tuple[Texts, ...] = ()


@dataclass(frozen=True)
class ReportData:
    """All of `report.toml`. A list that is None was not stated; an empty one says that there is nothing."""

    number: str = ""
    laboratory: Laboratory = Laboratory()
    customer: Customer = Customer()
    item: ItemAsReceived = ItemAsReceived()
    dates: Dates = Dates()
    sampling: Sampling = Sampling()
    performed_by: Person = Person()
    authorised_by: Person = Person()
    deviations: tuple[Texts, ...] | None = None
    external: tuple[External, ...] | None = None
    customer_supplied: tuple[CustomerSupplied, ...] | None = None
    equipment: tuple[Equipment, ...] = ()
    environment: tuple[Surrounding, ...] = ()
    opinions: tuple[Opinion, ...] = ()
    additional: tuple[Texts, ...] = ()
    amendment: Amendment | None = None
    file_name: str = ""
    sha256: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON; dates as ISO text."""
        return {key: _plain(value) for key, value in asdict(self).items()}


@dataclass(frozen=True)
class Cover:
    """What stands around an evaluation in one report: the laboratory's data, if any, and the state."""

    data: ReportData | None = None
    state: State = "draft"


def read_report_data(path: str | Path) -> ReportData:
    """The report data of a TOML file.

    Raises `DefinitionError` with file and key for a key that is not known, a value of another kind, a test
    that ends before it starts, an issue before the end, and a report that amends itself. What is merely
    absent is no error here: a draft may lack it.
    """
    root, sha256 = read_table(Path(path))
    root.only(_KEYS)
    return ReportData(
        number=root.text_or("number", ""),
        laboratory=_one(root, "laboratory", Laboratory),
        customer=_one(root, "customer", Customer),
        item=_one(root, "item", ItemAsReceived),
        dates=_dates(root),
        sampling=_sampling(root),
        performed_by=_one(root, "performed_by", Person),
        authorised_by=_one(root, "authorised_by", Person),
        deviations=_lines(root, "deviations") if "deviations" in root.data else None,
        external=_several(root, "external", External) if "external" in root.data else None,
        customer_supplied=_supplied(root),
        equipment=_several(root, "equipment", Equipment),
        environment=_several(root, "environment", Surrounding),
        opinions=_several(root, "opinion", Opinion),
        additional=_lines(root, "additional"),
        amendment=_amendment(root),
        file_name=Path(root.path).name,
        sha256=sha256,
    )


_KEYS = (
    "number", "laboratory", "customer", "item", "dates", "sampling", "performed_by", "authorised_by",
    "deviations", "external", "customer_supplied", "equipment", "environment", "opinion", "additional",
    "amendment",
)  # fmt: skip


def _one(root: Table, name: str, kind: Any) -> Any:
    """A table as a record of this kind; an empty record where it is not there."""
    return _record(root.table(name), kind) if name in root.data else kind()


def _several(root: Table, name: str, kind: Any) -> tuple[Any, ...]:
    return tuple(_record(table, kind) for table in root.tables(name))


def _record(table: Table, kind: Any) -> Any:
    """Every entry by the type of its field: a text by language, a list of them, a date, a truth or a word."""
    types = {one.name: str(one.type) for one in fields(kind)}
    table.only(types)
    return kind(**{name: _READ[types[name]](table, name) for name in table.data})


def _text(table: Table, name: str) -> Texts:
    value = table.data[name]
    if isinstance(value, str):
        return {"": value.strip()} if value.strip() else {}
    inner = table.table(name).only(LANGUAGES)
    return {language: inner.text(language) for language in inner.data}


def _lines(table: Table, name: str) -> tuple[Texts, ...]:
    """A list of texts, each in one language for all or by language."""
    values = table.data.get(name, [])
    if not isinstance(values, list):
        raise table.wrong(name, f"{values!r} is no list.", 'Write it as ["a", "b"], or [] for nothing.')
    numbered = Table(table.path, table.place(name), {str(n): v for n, v in enumerate(values, start=1)})
    return tuple(_text(numbered, number) for number in numbered.data)


def _date(table: Table, name: str) -> date:
    value = table.data[name]
    if not isinstance(value, date):
        raise table.wrong(name, f"{value!r} is no date.", "Write it without quotes, as 2026-03-12.")
    return value.date() if isinstance(value, datetime) else value


def _word(table: Table, name: str) -> str:
    return table.text(name)


_READ = {
    "Texts": _text,
    "tuple[Texts, ...]": _lines,
    "date | None": _date,
    "str": _word,
    "bool": Table.flag,
    "tuple[str, ...]": Table.texts,
}


def _dates(root: Table) -> Dates:
    dates: Dates = _one(root, "dates", Dates)
    steps = [(name, getattr(dates, name)) for name in ("started_on", "finished_on", "issued_on")]
    known = [(name, day) for name, day in steps if day is not None]
    for (before, first), (after, second) in pairwise(known):
        if second < first:
            raise root.table("dates").wrong(after, f"{second} is before {before} = {first}.")
    return dates


def _sampling(root: Table) -> Sampling:
    if "sampling" in root.data and "by" in root.table("sampling").data:
        root.table("sampling").text("by", one_of=SAMPLED_BY)
    sampling: Sampling = _one(root, "sampling", Sampling)
    return sampling


def _supplied(root: Table) -> tuple[CustomerSupplied, ...] | None:
    if "customer_supplied" not in root.data:
        return None
    return _several(root, "customer_supplied", CustomerSupplied)


def _amendment(root: Table) -> Amendment | None:
    if "amendment" not in root.data:
        return None
    amendment: Amendment = _one(root, "amendment", Amendment)
    if amendment.of and amendment.of == root.data.get("number"):
        found = f"'{amendment.of}' is the number of this report itself."
        raise root.table("amendment").wrong("of", found, "An amended report has a number of its own (7.8.8).")
    return amendment


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, date) else value
