"""From run folders to tables, figures and the page. Reads results only."""

from tcclip.reporting.report import write_report
from tcclip.reporting.tables import write_table

__all__ = ["write_report", "write_table"]
