"""Source data sets: what is declared of each, and what is found in a copy of one."""

from fgresq.curation.sources.catalogue import SOURCES, find_source
from fgresq.curation.sources.declaration import Purpose, Source
from fgresq.curation.sources.scan import Scan, scan

__all__ = ["SOURCES", "Purpose", "Scan", "Source", "find_source", "scan"]
