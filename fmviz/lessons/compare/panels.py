"""Panels of the page that sets pinned runs side by side."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from functools import cached_property

import pandas as pd
import streamlit as st

from fmviz.analysis import comparing
from fmviz.analysis.stopping import Shown
from fmviz.engine.watch import Update
from fmviz.lessons.compare import charts, says, tables
from fmviz.lessons.compare.lesson import COMPARE, PARALLEL_FROM, SEEDS, repeated
from fmviz.page.lesson import Runs
from fmviz.page.pins import MAX_NAME, Pin, PinError, bold, removed, renamed
from fmviz.run import data, measure
from fmviz.run.naming import differing, plural
from fmviz.run.record import RunRecord
from fmviz.ui import live, pictures, state, take_home, view_controls
from fmviz.ui.board import SECONDS_BETWEEN_FIGURES, Board
from fmviz.ui.look import END, LIVE, Look
from fmviz.ui.page import Page, begin
from fmviz.ui.panels.figures import Curves, Warnings
from fmviz.ui.panels.sweep import Sweep
from fmviz.ui.place import Place
from fmviz.ui.session import session
from fmviz.words import taking_home
from fmviz.words.numbers import upper_first
from fmviz.words.prose import Caption

# Of either kind of the images on which two runs differ.
IMAGES_SHOWN = 8
SOURCES = {
    "recorded": "recorded",
    "store": "trained earlier, from the store",
    "trained": "trained just now",
}
OF_PINS = ("first", "second", "repeat")


class ComparePage(Page):
    """The page of pinned runs: a page whose runs are the session's pins."""

    def __init__(self) -> None:
        super().__init__(COMPARE)

    @cached_property
    def runs(self) -> Runs:
        """Name → run, of all pins. First asked for when pins have been removed and renamed."""
        return {pin.name: pin.config for pin in session().pinned.pins}


def open_page() -> ComparePage:
    """Begin the page, with what the address asks for and no pin answers to."""
    page = begin(ComparePage())
    count = len(session().pinned.pins)
    for field in OF_PINS:
        asked, default = state.value(page.name, field), COMPARE.start[field]
        if asked > max(count, default):
            state.put(page.name, field, default)
            st.error(
                f"In the address: {field} counts pins, of which there are {count}, and cannot be "
                f"{asked}.",
                icon=":material/link_off:",
            )
    return page


def tools(page: ComparePage) -> None:
    """Rename and remove pins, and take the figures away as files; words where there are no pins."""
    if not session().pinned.pins:
        st.info(page.text("none pinned"), icon=":material/keep:")
        return
    with st.container(horizontal=True):
        with st.popover("Rename or remove", icon=":material/edit:", key=f"{page.name}/edit"):
            _edit(page)
        _downloads(page)
    if len(session().pinned.pins) == 1:
        st.info(page.text("one pinned"), icon=":material/keep:")


def _edit(page: ComparePage) -> None:
    pinned = session().pinned.pins
    for pin in pinned:
        left, right = st.columns([5, 1], vertical_alignment="bottom")
        name = left.text_input(
            "Name",
            pin.name,
            max_chars=MAX_NAME,
            key=f"{page.name}/name {pin.name}",
            label_visibility="collapsed",
        )
        if name.strip() != pin.name:
            try:
                session().pinned.keep(renamed(pinned, pin.name, name))
            except PinError as error:
                st.error(f"{upper_first(str(error))}.", icon=":material/error:")
            else:
                st.rerun()
        right.button(
            "",
            key=f"{page.name}/remove {pin.name}",
            icon=":material/delete:",
            help=f"Remove {bold(pin.name)}",
            on_click=_remove,
            args=(page, pin.name),
        )
    st.button(
        "Remove all pins",
        key=f"{page.name}/clear",
        icon=":material/delete_sweep:",
        on_click=session().pinned.keep,
        args=((),),
    )


def _remove(page: ComparePage, name: str) -> None:
    """Remove a pin. Choices of others go with them; a choice of it falls back to the default."""
    before = [pin.name for pin in session().pinned.pins]
    session().pinned.keep(removed(session().pinned.pins, name))
    after = [pin.name for pin in session().pinned.pins]
    for field in OF_PINS:
        place = state.value(page.name, field)
        chosen = before[place - 1] if 0 < place <= len(before) else None
        moved = after.index(chosen) + 1 if chosen in after else COMPARE.start[field]
        state.put(page.name, field, moved)


def _downloads(page: ComparePage) -> None:
    """The table and the curves as CSV, of what is known when the button is pressed."""
    pinned, show_test, tolerance = session().pinned.pins, page.view.test, page.view.tolerance

    def table() -> str:
        return tables.figures_csv(pinned, known(pinned), tolerance, show_test=show_test)

    def curves() -> str:
        return tables.curves_csv(pinned, known(pinned), show_test=show_test)

    for label, make, file in (
        ("Table as CSV", table, "fmviz-pins.csv"),
        ("Curves as CSV", curves, "fmviz-curves.csv"),
    ):
        st.download_button(
            label,
            make,
            file,
            "text/csv",
            key=f"{page.name}/{file}",
            icon=":material/download:",
            on_click="ignore",
        )
    take_home.charts(page, "fmviz-pins", taking_home.lines(dict(page.runs)))


def known(pinned: Sequence[Pin]) -> list[RunRecord | None]:
    """What the store has of some pins."""
    return [live.engine().store.get(pin.config, brief=True) for pin in pinned]


class PinBoard(Board):
    """The board of the pins, which come from wherever each of them is known."""

    def status(self, update: Update) -> str:
        """Where the figures come from, or how far they are."""
        if update.state != "done":
            return super().status(update)
        counts = Counter[str](update.sources)
        said = [f"{counts[source]} {SOURCES[source]}" for source in SOURCES if counts[source]]
        return f":material/inventory_2: {plural(len(self.roles), 'run')}: {', '.join(said)}"


class Table:
    """A row a pin."""

    pace = LIVE

    def __init__(self, board: Board) -> None:
        self.board = board
        self.table, self.note = Place(), Place()
        self.drawn = -float("inf")
        with st.container(horizontal=True, vertical_alignment="bottom", gap="large"):
            with st.container(width=420):
                view_controls.tolerance(board.page.name)
            view_controls.test(board.page.name)

    def draw(self, look: Look) -> None:
        """The newest figures, at the pace at which figures are read."""
        now = time.monotonic()
        if look.update.state == "training" and now - self.drawn < SECONDS_BETWEEN_FIGURES:
            return
        self.drawn = now
        page, view = self.board.page, self.board.page.view
        pinned = [Pin(name, config) for name, config in page.runs.items()]
        rows = tables.table(pinned, look.update.records, view.tolerance, show_test=view.test)
        frame = pd.DataFrame(rows).rename(columns=_head)
        self.table.dataframe(
            frame,
            columns={"Run": st.column_config.TextColumn(pinned=True)},
        )
        if not look.runs:
            return
        measured = says.images(look.runs)
        said = [measured, measured._replace(section="images, test")][: 1 + view.test]
        self.note.caption(" ".join(map(self.board.text, said)))


def _head(name: str) -> str:
    """A table's head; no one writes λ as Λ."""
    return upper_first(name) if name[0].isascii() and len(name) > 1 else name


class PinWarnings(Warnings):
    """What went wrong, under the names that the reader has given."""

    def name(self, run: Shown) -> str:
        """The name as it is."""
        return f"{bold(run.name)}:"


class Overlay(Curves):
    """The curves of all pins, and which of them is best."""

    def __init__(self, board: Board) -> None:
        super().__init__(board, lambda look: [])
        self.warnings = PinWarnings(board)

    def draw(self, look: Look) -> None:
        """The curves at once, the words when all have ended."""
        self.picture(look)
        self.warnings.draw(look)
        best = says.best(look.runs) if look.done else None
        nothing = None if look.runs else Caption("nothing yet", {})
        captions = [caption for caption in (best, nothing) if caption is not None]
        self.caption.markdown(" ".join(map(self.board.text, captions)))


class Difference:
    """Two runs set against each other, and the images on which one of them alone is right."""

    pace = END

    def __init__(self, board: Board) -> None:
        self.board = board
        page = board.page
        names = dict(enumerate(board.roles, start=1))
        for column, field, label in zip(st.columns(2), ("first", "second"), "AB", strict=True):
            with column:
                view_controls.selection(page.name, field, f"Run {label}", names)
        self.spot = st.container()

    def draw(self, look: Look) -> None:
        """The difference, once all runs have ended."""
        view = self.board.page.view
        a, b = (look.runs[place - 1] for place in (view.first, view.second))
        text = self.board.text
        with self.spot:
            if a.name == b.name:
                st.caption("Choose two runs.")
                return
            st.markdown(" ".join(map(text, says.pair(a, b))))
            if len(says.finite([a, b])) < 2 or a.record.config == b.record.config:
                return
            said = says.apart(a, b)
            st.markdown(text(said or Caption("other images", {})))
            if said is not None:
                self._images(a, b)

    def _images(self, a: Shown, b: Shown) -> None:
        config = a.record.config
        images = data.load(config.dataset).validation
        answers = [run.record.val_predictions[-1] for run in (a, b)]
        only_b, only_a = measure.flips(answers[0], answers[1], comparing.labels(config, "val"))
        names = data.CLASS_NAMES
        for run, which in ((a, only_a), (b, only_b)):
            if not len(which):
                continue
            shown = which[:IMAGES_SHOWN]
            some = f"{len(shown)} of {len(which):,}" if len(which) > len(shown) else f"{len(which)}"
            st.markdown(f"Right in {bold(run.name)} alone, {some}:")
            pictures.gallery(
                images.pixels[shown],
                [
                    f"**{names[images.labels[i]]}**  \nA: {names[answers[0][i]]}  \n"
                    f"B: {names[answers[1][i]]}"
                    for i in shown
                ],
            )


class Repeats:
    """Pinned runs with more seeds. Made where it is to stand; `run` comes after the board's."""

    def __init__(self, board: Board) -> None:
        self.board, self.page = board, board.page
        with st.container(horizontal=True, vertical_alignment="bottom", gap="large"):
            with st.container(width=420):
                names = {0: "all", **dict(enumerate(board.roles, start=1))}
                view_controls.selection(self.page.name, "repeat", "Run", names)
            view_controls.choice(
                self.page.name, "seeds", "More seeds", {count: str(count) for count in SEEDS}
            )
        view = self.page.view
        chosen = board.roles if view.repeat == 0 else board.roles[view.repeat - 1 : view.repeat]
        self.families = {name: repeated(self.page.runs[name], view.seeds) for name in chosen}
        configs = [config for family in self.families.values() for config in family]
        self.chart, self.words = Place(), Place()
        self.sweep = Sweep(self.page, "seeds", configs, self.finish)

    def run(self) -> None:
        """Ask for the runs, or offer to."""
        self.sweep.run()

    def finish(self, records: list[RunRecord | None], done: bool) -> None:
        """The bands once all have ended."""
        if not done:
            return
        left = iter(records)
        found = {
            name: [record for _, record in zip(family, left) if record is not None]
            for name, family in self.families.items()
        }
        bands = {
            name: ended
            for name, family in found.items()
            if len(ended := [record for record in family if record.diverged is None]) > 1
        }
        if bands:
            self.chart.chart(
                charts.band_rows(bands),
                charts.band_spec(self.board.roles, self.board.horizon, self.board.dark),
                alt="Mean accuracy over seeds on training images (solid) and validation images "
                f"(dashed), with a band of one standard deviation: {', '.join(bands)}.",
            )
        captions = [Caption("bands", {})] if bands else []
        for name, family in found.items():
            captions += says.repeats(name, family)
        view = self.page.view
        two = [
            self.board.roles[min(p, len(self.board.roles)) - 1] for p in (view.first, view.second)
        ]
        by_seed = says.by_seed(two[0], two[1], found)
        captions += [by_seed] if by_seed is not None else []
        self.words.markdown("  \n".join(map(self.board.text, captions)))


class Parallel:
    """Parallel coordinates of all runs that ended finite."""

    pace = END

    def __init__(self, board: Board) -> None:
        self.board = board
        self.chart, self.note = Place(), Place()

    def draw(self, look: Look) -> None:
        """A line a run."""
        board = self.board
        ended = says.finite(look.runs)
        configs = [run.record.config for run in ended]
        if not differing(configs):
            self.note.caption(board.page.text("parallel alike"))
            return
        tolerance = board.page.view.tolerance
        self.chart.chart(
            charts.parallel_rows(ended, tolerance),
            charts.parallel_spec(board.roles, charts.parallel_axes(configs), board.dark),
            alt="A line a run through its settings, its validation accuracy, gap and sparsity.",
        )
        left_out = says.left_out(look.runs, ended)
        captions = [Caption("parallel", {}), *([left_out] if left_out is not None else [])]
        self.note.caption(" ".join(map(board.text, captions)))


def sections(page: ComparePage, board: Board) -> Repeats:
    """What there is below the table and the curves; the repeats are to be run after the board."""
    if len(board.roles) > 1:
        st.subheader("Two of them")
        board.add(Difference(board))
    if len(board.roles) >= PARALLEL_FROM:
        st.subheader("Settings and outcomes")
        board.add(Parallel(board))
    st.subheader("Over seeds")
    st.markdown(page.text("repeat"))
    return Repeats(board)
