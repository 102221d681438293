"""The whole path for one file or a campaign of many: raw file -> report, raw file -> archive.

::

    path.py            one pass along the path, nothing kept but what is asked for
    intake.py          the intake gate for a person
    campaign.py        many files into an archive: the front of what follows
    campaign_plan.py   which file is done how, as TOML
    planning.py        folders and a plan -> pieces of work; work.py: one piece as data
    keeping.py         one piece of work end to end; documents.py: what is kept of its results
    growing.py         a raw file into the archive at the cost of what is new in it
    refresh.py         what became stale, worked out anew from the archive alone
    leases.py          who does which piece, in the catalogue
    worker.py          claims pieces and does them
    executors.py       this process, processes, or Dask, which is imported there alone
    watch.py           a folder that testers write into
"""

from __future__ import annotations

import importlib
from typing import Any

from jeoul.pipeline.path import Outcome, Request, Say, demonstrate, follow, write_outcome

_CAMPAIGNS = {
    "CampaignPlan": "jeoul.pipeline.campaign_plan",
    "Kept": "jeoul.pipeline.keeping",
    "Summary": "jeoul.pipeline.campaign",
    "keep_file": "jeoul.pipeline.campaign",
    "read_campaign_plan": "jeoul.pipeline.campaign_plan",
    "run_campaign": "jeoul.pipeline.campaign",
    "watch": "jeoul.pipeline.watch",
}

__all__ = ["Outcome", "Request", "Say", "demonstrate", "follow", "write_outcome", *sorted(_CAMPAIGNS)]


def __getattr__(name: str) -> Any:
    """What campaigns need is loaded when it is first asked for: one file needs no catalogue."""
    if name in _CAMPAIGNS:
        return getattr(importlib.import_module(_CAMPAIGNS[name]), name)
    raise AttributeError(f"module 'jeoul.pipeline' has no attribute {name!r}")
