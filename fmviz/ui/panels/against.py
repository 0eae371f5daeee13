"""Accuracy against one setting: a sweep on request."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fmviz.charts import against as charts
from fmviz.charts.figures import gap_label
from fmviz.run.record import RunRecord
from fmviz.ui.board import Board
from fmviz.ui.panels.sweep import OnRequest
from fmviz.ui.place import Place
from fmviz.ui.told import Told
from fmviz.words.prose import Caption


class Against(OnRequest):
    """The page's run with every value of one setting.

    Args:
        field: of `RunConfig`.
        values: in ascending order, the present one among them.
        title: of the setting's axis.
        say: what the finished runs show.
        log: whether the axis is logarithmic.
    """

    def __init__(
        self,
        board: Board,
        field: str,
        values: Sequence[float],
        title: str,
        say: Callable[[Sequence[RunRecord]], list[Caption]],
        *,
        log: bool = False,
    ) -> None:
        super().__init__(board)
        self.field, self.say = field, say
        ticks = tuple(map(float, values))
        self._spec = charts.against_spec(title, ticks, log, board.dark)
        self._chart, self._told = Place(), Told(board.page)
        # The runs that the page's own control would ask for.
        self.offer(field, [self.page.config_at(**{field: value}) for value in values])

    def show(self, records: list[RunRecord | None], done: bool) -> None:
        """The curves as far as runs have come, the words at the end."""
        known = [record for record in records if record is not None and record.epochs]
        gaps = [gap_label(record, record.epochs) for record in known]
        self._chart.chart(
            charts.against_rows(self.field, known, self.page.config[self.field], gaps),
            self._spec,
            alt=f"Training accuracy (solid) and validation accuracy (dashed) against {self.field}.",
        )
        if done:
            self._told.say(*self.say(known))
