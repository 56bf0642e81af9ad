"""The paper's own figures (Tables 3 and S2 to S14), and what speaks against some of them."""

from fgresq.benchmark.published.figures import Figure, data_sets, doubts, figures_by_range, figures_by_task

__all__ = ["Figure", "data_sets", "doubts", "figures_by_range", "figures_by_task"]
