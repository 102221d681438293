"""Stage 5: an Evaluation -> PDF and JSON, in Korean and in English.

::

    blocks.py          what a report is made of, as data
    numbers.py         the one place that prints a number
    messages.py        every word that a person reads, from one gettext catalogue (`locale/`)
    sections/          Evaluation -> blocks, one module a section
    figures.py         drawings as SVG (axes.py, svg.py)
    typst_renderer.py  blocks -> PDF/A (report.typ is the layout, typeface.py the vendored font)
    json_renderer.py   Evaluation -> JSON
    report.py          the front door
"""

from jeoul.reports.json_renderer import evaluation_sha256
from jeoul.reports.messages import LANGUAGES, Messages, messages
from jeoul.reports.report import SUFFIXES, report_blocks, write_report

__all__ = [
    "LANGUAGES",
    "SUFFIXES",
    "Messages",
    "evaluation_sha256",
    "messages",
    "report_blocks",
    "write_report",
]
