"""Accuracy against one setting: a sweep on request."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fmviz.charts import against as charts
from fmviz.run.record import RunRecord
from fmviz.ui.page import Page
from fmviz.ui.panels.sweep import Sweep
from fmviz.ui.place import Place
from fmviz.words.numbers import points
from fmviz.words.prose import Caption


class Against:
    """The page's run with every value of one setting. Made where it is to stand; `run` comes after
    the board's runs.

    Args:
        field: of `RunConfig`.
        values: in ascending order, the present one among them.
        title: of the setting's axis.
        say: what the finished runs show.
        log: whether the axis is logarithmic.
    """

    def __init__(
        self,
        page: Page,
        dark: bool,
        field: str,
        values: Sequence[float],
        title: str,
        say: Callable[[Sequence[RunRecord]], list[Caption]],
        *,
        log: bool = False,
    ) -> None:
        self.page, self.field, self.values, self.say = page, field, values, say
        ticks = tuple(map(float, values))
        self._spec = charts.against_spec(f"{title}; ± one standard error", ticks, log, dark)
        self._chart, self._note = Place(), Place()
        configs = [page.config.replace(**{field: value}) for value in values]
        self._sweep = Sweep(page, field, configs, self._draw)

    def run(self) -> None:
        """Ask for the runs, or offer to."""
        self._sweep.run()

    def _draw(self, records: list[RunRecord | None], done: bool) -> None:
        known = [record for record in records if record is not None and record.epochs]
        gaps = [points(record.gap(record.epochs)) for record in known]
        self._chart.chart(
            charts.against_rows(self.field, known, self.page.config[self.field], gaps),
            self._spec,
            alt=f"Training accuracy (solid) and validation accuracy (dashed) against {self.field}.",
        )
        if done:
            texts = [self.page.text(c.section, c.figures) for c in self.say(known)]
            self._note.markdown(" ".join(texts))
