"""The metadata of a data set: JSON-LD with BattINFO terms, Croissant, licence and README, as texts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from jeoul.measurement.columns import find_column
from jeoul.reports.publication.dataset_data import LICENCES, DatasetData

BDF = "https://w3id.org/battery-data-alliance/ontology/battery-data-format#"
BATTERY_CONTEXT = "https://w3id.org/emmo/domain/battery/context"
EMMO = "https://w3id.org/emmo#"
PARQUET = "application/vnd.apache.parquet"
# The reference reader of Croissant knows Parquet by this older name alone.
CROISSANT_PARQUET = "application/x-parquet"

_KINDS = {"cell": "BatteryCell", "module": "BatteryModule", "pack": "BatteryPack"}

# Attribute of the item -> term of BattINFO and unit of EMMO.
_PROPERTIES = {
    "rated_capacity_ah": ("RatedCapacity", "AmpereHour"),
    "nominal_voltage_volt": ("NominalVoltage", "Volt"),
    "end_of_discharge_voltage_volt": ("LowerVoltageLimit", "Volt"),
    "end_of_charge_voltage_volt": ("UpperVoltageLimit", "Volt"),
    "mass_kg": ("Mass", "Kilogram"),
}
_CHEMISTRIES = {"LFP": "LithiumIronPhosphate"}

_CROISSANT_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


@dataclass(frozen=True)
class PublishedFile:
    """One file of rows in the data set. `raw_sha256` and `raw_format` are of the file that they came from."""

    path: str
    row_count: int
    size_byte: int
    sha256: str
    columns: Mapping[str, pl.DataType]
    raw_sha256: str
    raw_format: str
    metadata: Mapping[str, str]

    @property
    def name(self) -> str:
        """The file's name without folder and endings."""
        return self.path.rsplit("/", 1)[-1].split(".", 1)[0]


def json_ld(data: DatasetData, files: Sequence[PublishedFile], item: Mapping[str, str | float]) -> str:
    """The data set as JSON-LD: schema.org for itself, BattINFO and BDF terms for the item and the columns."""
    document = {
        "@context": [BATTERY_CONTEXT, {"schema": "https://schema.org/", "bdf": BDF, "emmo": EMMO}],
        "@type": "schema:Dataset",
        **{f"schema:{key}": value for key, value in _common(data).items()},
        "schema:about": _item(item),
        "schema:variableMeasured": [_variable(name) for name in _all_columns(files)],
        "schema:distribution": [_download(file) for file in files],
    }
    return _dumped(document)


def croissant(data: DatasetData, files: Sequence[PublishedFile]) -> str:
    """The data set as Croissant 1.0 (MLCommons): a file of rows is a record set, its columns are fields."""
    document = {
        "@context": _CROISSANT_CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        **_common(data),
        "citeAs": _citation(data),
        "distribution": [_file_object(file) for file in files],
        "recordSet": [_record_set(file) for file in files],
    }
    return _dumped(document)


def licence_text(data: DatasetData) -> str:
    """Who may do what: the licence by its name and where its text is."""
    name, address = LICENCES[data.licence]
    return (
        f"{data.title}, version {data.version}\n{data.published_on.year}, {', '.join(data.creators)}\n\n"
        f"This data set is licensed under: {name}\nSPDX-License-Identifier: {data.licence}\n{address}\n"
    )


def readme(data: DatasetData, files: Sequence[PublishedFile], item: Mapping[str, str | float]) -> str:
    """What a person reads first."""
    name, address = LICENCES[data.licence]
    lines = [f"# {data.title}", "", data.description, ""]
    lines += [f"Version {data.version}, {data.published_on}, {', '.join(data.creators)}."]
    lines += [f"Licence: [{name}]({address})."]
    lines += [f"Cite as: {_citation(data)}"]
    lines += [data.address] if data.address else []
    lines += ["", "## Item", "", *(f"- {key}: {value}" for key, value in item.items())] if item else []
    lines += [
        "",
        "## Files",
        "",
        "| file | rows | read from | SHA-256 of the raw file |",
        "|---|---|---|---|",
    ]
    lines += [f"| {f.path} | {f.row_count} | {f.raw_format} | {f.raw_sha256} |" for f in files]
    for file in files:
        lines += [f"- {file.path}: {key} = {value}" for key, value in file.metadata.items()]
    lines += ["", "## Columns", "", "| name | meaning |", "|---|---|"]
    lines += [f"| {name} | {_label(name)} |" for name in _all_columns(files)]
    lines += [
        "",
        "Names are those of the Battery Data Format; current is positive when it charges. Rows stand in",
    ]
    lines += ["recorded order. `metadata.jsonld` and `croissant.json` say the same to programs; `SHA256SUMS`"]
    lines += ["checks the files: `sha256sum -c SHA256SUMS`."]
    return "\n".join(lines) + "\n"


def _citation(data: DatasetData) -> str:
    """As its owner words it, else creators, year, title and version."""
    made = f"{', '.join(data.creators)} ({data.published_on.year}): {data.title}, version {data.version}."
    return data.citation or " ".join(part for part in (made, data.address) if part)


def _common(data: DatasetData) -> dict[str, Any]:
    return {
        "name": data.name,
        "alternateName": data.title,
        "description": data.description,
        "version": data.version,
        "license": LICENCES[data.licence][1],
        "datePublished": data.published_on.isoformat(),
        "creator": [
            {"@type": _schema_type("Organization"), _schema_key("name"): one} for one in data.creators
        ],
        "keywords": list(data.keywords),
        **({"url": data.address} if data.address else {}),
    }


def _schema_type(name: str) -> str:
    return f"https://schema.org/{name}"


def _schema_key(name: str) -> str:
    # In full, since the two documents have different contexts.
    return f"https://schema.org/{name}"


def _item(item: Mapping[str, str | float]) -> dict[str, Any]:
    known = {key: term for key, term in _PROPERTIES.items() if key in item}
    rest = {
        key: value for key, value in item.items() if key not in known and key not in ("kind", "chemistry")
    }
    document: dict[str, Any] = {"@type": _KINDS.get(str(item.get("kind", "cell")), "Battery")}
    if "chemistry" in item:
        document["schema:material"] = item["chemistry"]
        if item["chemistry"] in _CHEMISTRIES:
            document["hasPositiveElectrode"] = {
                "@type": "Electrode",
                "hasActiveMaterial": {"@type": _CHEMISTRIES[str(item["chemistry"])]},
            }
    document["hasProperty"] = [_property(*term, float(item[key])) for key, term in known.items()]
    document["schema:additionalProperty"] = [
        {"@type": "schema:PropertyValue", "schema:name": key, "schema:value": value}
        for key, value in rest.items()
    ]
    return document


def _property(term: str, unit: str, value: float) -> dict[str, Any]:
    return {
        "@type": [term, "ConventionalProperty"],
        "hasNumericalPart": {"@type": "RealData", "hasNumberValue": value},
        "hasMeasurementUnit": EMMO + unit,
    }


def _variable(name: str) -> dict[str, Any]:
    column = find_column(name)
    variable = {"@type": "schema:PropertyValue", "schema:name": name, "schema:description": _label(name)}
    if column is not None and column.obligation != "own":
        variable["schema:propertyID"] = BDF + name
    if column is not None and " / " in column.label:
        variable["schema:unitText"] = column.label.rsplit(" / ", 1)[1]
    return variable


def _label(name: str) -> str:
    column = find_column(name)
    return name if column is None else column.label


def _all_columns(files: Sequence[PublishedFile]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for file in files for name in file.columns))


def _download(file: PublishedFile) -> dict[str, Any]:
    return {
        "@type": "schema:DataDownload",
        "schema:contentUrl": file.path,
        "schema:encodingFormat": PARQUET,
        "schema:contentSize": f"{file.size_byte} B",
        "schema:sha256": file.sha256,
        "schema:isBasedOn": {"schema:encodingFormat": file.raw_format, "schema:sha256": file.raw_sha256},
        "schema:additionalProperty": [
            {"@type": "schema:PropertyValue", "schema:name": key, "schema:value": value}
            for key, value in file.metadata.items()
        ],
    }


def _file_object(file: PublishedFile) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": file.name,
        "name": file.name,
        "contentUrl": file.path,
        "contentSize": f"{file.size_byte} B",
        "encodingFormat": CROISSANT_PARQUET,
        "sha256": file.sha256,
    }


def _record_set(file: PublishedFile) -> dict[str, Any]:
    rows = f"{file.name}-rows"
    return {
        "@type": "cr:RecordSet",
        "@id": rows,
        "name": rows,
        "description": f"{file.row_count} rows in recorded order",
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{rows}/{name}",
                "name": name,
                "description": _label(name),
                "dataType": _data_type(kind),
                "source": {"fileObject": {"@id": file.name}, "extract": {"column": name}},
            }
            for name, kind in file.columns.items()
        ],
    }


def _data_type(kind: pl.DataType) -> str:
    if kind.is_integer():
        return "sc:Integer"
    return "sc:Float" if kind.is_float() else "sc:Text"


def _dumped(document: Mapping[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, allow_nan=False, indent=2) + "\n"
