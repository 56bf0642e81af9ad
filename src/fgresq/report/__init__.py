"""Results as people read them: the self-contained page of a ranking."""

from fgresq.report.ranking_page import write_ranking_page

__all__ = ["write_ranking_page"]
