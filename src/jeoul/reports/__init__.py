"""Stage 5: an Evaluation -> PDF, HTML, xlsx and JSON, in Korean and in English.

::

    report_data.py     what the laboratory says around an evaluation (`report.toml`)
    completeness.py    what an issued report must have of it, by ISO/IEC 17025
    blocks.py          what a report is made of, as data
    numbers.py         the one place that prints a number
    messages.py        every word that a person reads, from one gettext catalogue (`locale/`)
    sections/          Evaluation -> blocks, one module a section
    figures*.py        drawings as SVG (axes.py, svg.py): runs, points, pulses, strips
    typst_renderer.py  blocks -> PDF/A (report.typ is the layout, typeface.py the vendored font)
    html_renderer.py   blocks -> HTML in one file (report.css)
    xlsx_renderer.py   blocks -> a workbook, and every result at full precision
    json_renderer.py   Evaluation -> JSON (schema.py is its JSON Schema)
    report.py          the front door
    comparison.py      many items of one test side by side (as data: compared.py)
    trend.py           one item over time (as data: followed.py)
    judged.py          the evaluations of both; several.py renders both
    passport/          Evaluation -> battery passport and sheet of Annex IV
    publication/       Measurements -> a data set for anyone
"""

from jeoul.reports.compared import Comparison
from jeoul.reports.comparison import compare, write_comparison
from jeoul.reports.completeness import Lack, lacking
from jeoul.reports.followed import Trend
from jeoul.reports.json_renderer import evaluation_sha256
from jeoul.reports.messages import LANGUAGES, Messages, messages
from jeoul.reports.report import SUFFIXES, report_blocks, write_report
from jeoul.reports.report_data import Cover, ReportData, State, read_report_data
from jeoul.reports.schema import evaluation_schema, published_schema
from jeoul.reports.trend import follow_item, write_trend

__all__ = [
    "LANGUAGES",
    "SUFFIXES",
    "Comparison",
    "Cover",
    "Lack",
    "Messages",
    "ReportData",
    "State",
    "Trend",
    "compare",
    "evaluation_schema",
    "evaluation_sha256",
    "follow_item",
    "lacking",
    "messages",
    "published_schema",
    "read_report_data",
    "report_blocks",
    "write_comparison",
    "write_report",
    "write_trend",
]
