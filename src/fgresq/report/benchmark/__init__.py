"""A benchmark's tables as people read them: Markdown, LaTeX, HTML; as programs do: CSV, Parquet, JSON; as a picture."""

from fgresq.report.benchmark.fall import draw_fall
from fgresq.report.benchmark.files import FORMATS, read_result, write_result

__all__ = ["FORMATS", "draw_fall", "read_result", "write_result"]
