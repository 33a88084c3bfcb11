"""One HTML page about the whole campaign."""

from collections.abc import Sequence

from gnomon.algorithms.report.page import report_page
from gnomon.algorithms.report.products import Products
from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.pipeline import STEPS
from gnomon.pipeline.release import ReportConfig
from gnomon.pipeline.step import makers


def report(
    summaries: Sequence[Catalog],
    figures: Sequence[bytes],
    rejects: Catalog,
    jobs: Catalog,
    metrics: Catalog,
    *,
    data_id: DataId,
    config: ReportConfig,
) -> str:
    """What ran, what failed and why, and how good it is."""
    return report_page(
        Products(config.title, rejects, jobs, makers(STEPS), metrics, summaries=summaries, figures=figures)
    )
