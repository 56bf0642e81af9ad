"""A benchmark's report: one HTML file with tables, heat maps, tests, coverage, and the pairs that metrics get wrong."""

from fgresq.report.benchmark.page.write import PageLimits, WrittenPage, write_benchmark_page

__all__ = ["PageLimits", "WrittenPage", "write_benchmark_page"]
