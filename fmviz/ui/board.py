"""The board of a page: its runs, and the panels that are drawn again as those grow.

A page makes a `Board`, adds panels where they are to stand, and runs it: the board asks for the
page's runs and hands every panel what is known of them, at the panel's pace. Then come the runs
that a panel wants beyond those.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Generic

from fmviz.analysis import stopping
from fmviz.engine.watch import Update
from fmviz.page.state import V
from fmviz.run.config import RunConfig
from fmviz.run.record import RunRecord
from fmviz.ui import ahead, live, state, vault
from fmviz.ui.look import FIGURES, LIVE, AnyPanel, Look, Panel
from fmviz.ui.page import Page
from fmviz.ui.session import is_dark, session
from fmviz.ui.status import Said, StatusRow, status
from fmviz.words import waiting
from fmviz.words.escaping import escaped
from fmviz.words.numbers import duration, percent

# While the curves grow, the cards follow at this pace: they are read, not watched.
SECONDS_BETWEEN_FIGURES = 0.4


class Board(Generic[V]):
    """The runs of a page, and the panels that show them.

    Made once in each run of a page's script, after the controls.
    """

    def __init__(self, page: Page[V]) -> None:
        self.page = page
        self.dark = is_dark()
        # The specification of a chart must not change with a slider, or browsers build it anew. So
        # the charts name the roles, and the texts name the settings.
        self.roles = tuple(page.runs)
        # With the branch of one of them, which stands beside them.
        self.names = tuple(page.all_runs)
        self.configs = list(page.all_runs.values())
        # Each with its place on the page.
        self._panels: list[tuple[float, Panel]] = []
        # Those that have asked for their runs.
        self._ran: list[Panel] = []
        self._figures_drawn = -float("inf")
        # The records of growing runs that what is watched, and what is read, was last drawn of.
        self._watched: tuple[RunRecord | None, ...] | None = None
        self._read: tuple[RunRecord | None, ...] | None = None
        self._memory = session().page(page.name)

    @property
    def horizon(self) -> int:
        """Epochs of the longest run."""
        return max(config.epochs for config in self.configs)

    def add(self, panel: AnyPanel) -> AnyPanel:
        """Have a panel drawn."""
        self._panels.append((session().next_place(), panel))
        return panel

    def place_status(self) -> None:
        """Reserve the row that says where the figures come from or how far they are."""
        with self.page.stage.status if self.page.staged else nullcontext():
            self._row = StatusRow()

    def status(self, update: Update) -> Said:
        """Where the figures come from, or how far they are."""
        return status(update, self.horizon)

    def run(self) -> Look:
        """Ask for the runs and draw them until all have ended, then for those that panels want
        beyond them; what is known of the page's own."""
        # Controls that stand beside panels have spoken by now.
        self._view = self.page.view
        retrain = state.asked_for(self.page.name, "anew", self._what)
        weights = self.page.lesson.weights or any(p.wants_weights for p in self._all_panels())
        # Curves and figures need no weights: where those are not recorded, they can wait.
        brief = not weights or (not retrain and live.engine().known(self.configs, brief=True))
        test = self._view.judging.test or any(panel.wants_test for panel in self._all_panels())
        # Of runs that are known without test figures the curves are there at once.
        later = test and not retrain and self._known_but_for_test(brief)
        self.page.untested = later
        long = live.long(self.configs, brief=brief, test=test and not later, retrain=retrain)
        if long is not None:
            self.page.untested = True
            look = self._ask(long, brief=brief)
        else:
            look = self._train(brief=brief, test=test and not later, retrain=retrain)
        lacks_weights = look.done and any(panel.lacks(look) for panel in self._all_panels())
        if look.done and (lacks_weights or later):
            self._run_panels([panel for panel in self._panels if panel[1].is_known])
            look = self._fetch(look, weights=lacks_weights, test=test)
        elif look.done and "recorded" in look.update.sources:
            self._offer()
        if look.done and "trained" not in look.update.sources:
            self._warm()
        if look.done and self.page.vault is not None:
            vault.draw(self.page.vault, self.page.name, look.drawn)
        self._run_panels(self._panels)
        if look.done:
            soon = [self._weightless(look), *((config,) for config in self._offered())]
            ahead.tell(self.page.lesson, self.page.values, soon, brief=not weights)
        return look

    def _run_panels(self, panels: Sequence[tuple[float, Panel]]) -> None:
        """Have panels ask for runs beyond the page's own, each once."""
        for place, panel in panels:
            if panel not in self._ran:
                self._ran.append(panel)
                with session().within(place):
                    panel.run()

    @property
    def _what(self) -> tuple[str, ...]:
        return tuple(config.key for config in self.configs)

    def _all_panels(self) -> list[Panel]:
        return [panel for _, panel in (*self._panels, *self.page.panels)]

    def _weightless(self, look: Look) -> tuple[RunConfig, ...]:
        """The runs that came without weights which panels may show when the reader says so."""
        runs = [run for panel in self._all_panels() for run in panel.weighed(look)]
        return tuple(dict.fromkeys(run.record.config for run in runs if run.record.is_brief))

    def _offered(self) -> list[RunConfig]:
        """The runs that the closer looks which stand open offer to train."""
        return [config for panel in self._all_panels() for config in panel.offered]

    def _known_but_for_test(self, brief: bool) -> bool:
        """Whether all runs are known, but not with test figures."""
        known = live.engine().known
        return known(self.configs, brief=brief) and not known(self.configs, brief=brief, test=True)

    def _ask(self, long: live.Long, *, brief: bool) -> Look:
        """Show what is known of the page's runs, and have the others begin when the reader says
        so."""
        found = live.find_all(self.configs, brief=brief)
        update = Update(
            "waiting",
            tuple(None if each is None else each.record for each in found),
            tuple("trained" if each is None else each.source for each in found),
            waiting.long(long.configs, long.seconds),
            0.0,
        )
        self._row.say(f":material/timer: {escaped(update.message)}")
        self._begin_long(long)
        return self._draw(update)

    def _train(self, *, brief: bool, test: bool, retrain: bool) -> Look:
        """Have the page's runs trained, where they are not known, and draw them as they grow."""
        for update in live.live(self.configs, brief=brief, test=test, retrain=retrain):
            self._row.say(*self.status(update))
            self._row.tell(update)
            if update.state == "training":
                self._row.progress(update.progress(self.configs))
            else:
                self._row.end_progress()
            look = self._look(update) if self._holds(update) else self._draw(update)
        if look.update.state == "failed":
            self._try_again()
        return look

    def _fetch(self, look: Look, *, weights: bool, test: bool) -> Look:
        """Train known runs again where the weights or the test figures are wanted that they come
        without. What is on the screen stays until those are there."""
        brief = not weights and look.run.record.is_brief
        long = live.long(self.configs, brief=brief, test=test)
        if long is not None:
            asks = waiting.long_weights if weights else waiting.long_test
            self._row.say(f":material/timer: {asks(long.seconds)}")
            self._begin_long(long)
            return look
        what = waiting.weights() if weights else waiting.test_images()
        for update in live.live(self.configs, brief=brief, test=test):
            self._row.tell(update)
            if update.state in ("done", "failed"):
                self._row.say(*self.status(update))
            else:
                share = update.progress(self.configs)
                waits = update.state == "waiting"
                # Above the bar there is no room for two lines.
                self._row.say(escaped(update.message) if waits else f"{what}, {percent(share, 0)}")
                self._row.progress(share)
        self._row.end_progress()
        if update.state == "failed":
            self._try_again()
            return look
        self.page.untested = False
        return self._draw(update)

    def _warm(self) -> None:
        # An epoch of what takes long does so too.
        if live.seconds_to_train(self.configs) <= live.SECONDS_UNASKED:
            live.engine().warm(self.configs)

    def _begin_long(self, long: live.Long) -> None:
        self._row.offer.button(
            f"Train it ({duration(long.seconds)})",
            key=f"{self.page.name}/long",
            icon=":material/play_arrow:",
            on_click=long.agree,
            quiet=False,
        )

    def _try_again(self) -> None:
        # To ask once more is all it takes.
        self._row.offer.button(
            "Try again",
            key=f"{self.page.name}/try again",
            icon=":material/refresh:",
            quiet=False,
        )

    def _offer(self) -> None:
        """A recorded run can be trained here and now."""
        long = live.long(self.configs, retrain=True)
        takes = "" if long is None else f" ({duration(long.seconds)})"
        self._row.offer.button(
            f"Train it live{takes}",
            key=f"{self.page.name}/anew",
            icon=":material/play_arrow:",
            on_click=self._train_live,
            args=(long,),
            help="The same run, trained on this machine now.",
        )

    def _train_live(self, long: live.Long | None) -> None:
        state.ask_for(self.page.name, "anew", self._what)
        if long is not None:
            long.agree()

    def _holds(self, update: Update) -> bool:
        """Whether what the page shows from before stays, which browsers draw pale: nothing is
        known yet of the runs that are asked for now."""
        news = (
            record is not None and record.epochs
            for record, source in zip(update.records, update.sources, strict=True)
            if source == "trained"
        )
        before = self._memory.pictured == session().visit.number
        return before and update.state in ("waiting", "training") and not any(news)

    def _look(self, update: Update) -> Look:
        known = {
            name: stopping.look(record, name, **self._view.judging.early_stopping)
            for name, record in zip(self.names, update.records, strict=True)
            if record is not None
        }
        runs = [run for name, run in known.items() if name in self.roles]
        whole, pair = len(known) == len(self.names), None
        if whole and len(self.names) > len(self.roles):
            pair = known[self.page.lesson.trunk_of(self.roles)], known[self.names[-1]]
        return Look(runs, update, whole, pair=pair)

    def _draw(self, update: Update) -> Look:
        now, growing = time.monotonic(), update.state == "training"
        due = not growing or now - self._figures_drawn > SECONDS_BETWEEN_FIGURES
        look = self._look(update)._replace(figures=due)
        # Watches tell of other runs, too, and of none: then there is nothing to draw.
        news = update.records
        watched = not growing or news != self._watched
        read = due and (not growing or news != self._read)
        figures = read and look.whole
        if figures:
            self._figures_drawn = now
            self._memory.pictured = session().visit.number
        here = session()
        for place, panel in (*self._panels, *self.page.panels):
            live = panel.pace == LIVE and (watched or read)
            if live or (figures and (panel.pace == FIGURES or look.done)):
                with here.within(place):
                    panel.draw(look)
        # What Streamlit ends amidst is not drawn.
        self._watched = news
        if read:
            self._read = news
        return look
