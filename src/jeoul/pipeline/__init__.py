"""The whole path for one file or many: raw file -> report."""

from jeoul.pipeline.path import Outcome, Request, Say, demonstrate, follow, write_outcome

__all__ = ["Outcome", "Request", "Say", "demonstrate", "follow", "write_outcome"]
