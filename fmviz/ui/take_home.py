"""Take home: the runs of a page as notebooks, model, tables and pictures."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st
from nbformat import NotebookNode

from fmviz.analysis.stopping import Shown
from fmviz.engine.orders import TIMEOUT_SECONDS, FileError
from fmviz.export import chart_files, notebooks, tables
from fmviz.page.view import Judging
from fmviz.run.record import RunRecord
from fmviz.ui import live, state, vault
from fmviz.ui.look import LIVE, Look, Panel
from fmviz.ui.page import Page
from fmviz.ui.place import Place
from fmviz.ui.session import is_dark, session
from fmviz.words import prose
from fmviz.words import taking_home as words
from fmviz.words.escaping import escaped

PROSE = "take_home"
CSV = "text/csv"
NOTEBOOK = "application/x-ipynb+json"
# A worker that shares its machine may train a run at a fraction of the speed it once had.
PATIENCE_FACTOR = 20.0
# What the button for the network's file is called where it is asked for.
MAKE = "the network's file"


def draw(page: Page) -> None:
    """The popover; it is filled when the page's runs have ended."""
    page.add(TakeHome(page))


class TakeHome(Panel):
    """A popover with the files of a page's runs."""

    pace = LIVE

    def __init__(self, page: Page) -> None:
        self.page = page
        with st.popover("Take home", icon=":material/download:"):
            self.note, self.files = Place(), st.container()
        self._said = ""
        self._filled = False

    def draw(self, look: Look) -> None:
        """The files once all runs have ended; till then, that they have not."""
        if look.done:
            # Runs without weights end a second time, with them, and differ in nothing else.
            if not self._filled:
                self._filled = True
                self.note.clear()
                with self.files:
                    st.fragment(_files)(self.page, look.drawn)
            return
        section = "failed" if look.update.state == "failed" else "not yet"
        if section != self._said:
            self._said = section
            self.note.markdown(prose.text(PROSE, section))


def _files(page: Page, runs: list[Shown]) -> None:
    roles = [run.name for run in runs]
    chosen = roles[-1]
    if len(roles) > 1:
        key = f"{page.name}/take home {', '.join(roles)}"
        chosen = st.selectbox("Run", roles, index=len(roles) - 1, key=key)
    run = runs[roles.index(chosen)]
    st.caption(words.sentence(run.record.config))
    if not run.kept:
        st.markdown(prose.text(PROSE, "no epoch"))
    else:
        _notebooks(page, run)
        _model(page, run)
    _tables(page, run)
    _all_runs(page, runs)


def _download(
    page: Page, label: str, file_name: str, mime: str, make: Callable[[], bytes] | bytes
) -> None:
    """A button that makes its file when it is pressed."""
    st.download_button(
        label,
        make,
        file_name,
        mime,
        key=f"{page.name}/take home {label}",
        icon=":material/download:",
        # A rerun would put another file in the place of the one that is being made.
        on_click="ignore",
    )


def _notebooks(page: Page, run: Shown) -> None:
    record, view = run.record, page.view.judging
    name = tables.stem(record.config)
    st.markdown("**Notebooks**")
    st.caption(prose.text(PROSE, "notebooks"))
    with st.container(horizontal=True):
        for label, kind, build in (
            ("Keras notebook", "keras", notebooks.keras_notebook),
            ("PyTorch notebook", "pytorch", notebooks.torch_notebook),
        ):
            _download(
                page,
                label,
                f"{name}-{kind}.ipynb",
                NOTEBOOK,
                partial(_built, build, record, view),
            )
    with st.expander("Open it in Google Colab"):
        st.markdown(prose.text(PROSE, "colab"))


def _built(
    build: Callable[[RunRecord, Judging], NotebookNode], record: RunRecord, view: Judging
) -> bytes:
    return notebooks.as_bytes(build(record, view))


def _model(page: Page, run: Shown) -> None:
    record, epoch = run.record, run.kept
    config = record.config
    # By now they may be known to the store.
    whole = record if record.weights else live.engine().store.get(config)
    weights = whole.weights_after(epoch) if whole is not None else ()
    seconds = record.at("seconds", epoch)
    st.markdown("**Trained network**")
    name = tables.stem(config, f"epoch{epoch}")
    what = config.key, epoch
    content = state.made_file(page.name, what)
    # Nothing is drawn here while the file is made: the button that was pressed stays in its place.
    button, standing = st.container(), Place()
    label, icon = "Make the .keras file", ":material/deployed_code:"
    if content is None and state.asked_for(page.name, MAKE, what):
        # Asked for once: another run of the page asks for nothing.
        state.ask_for(page.name, MAKE, None)
        timeout = TIMEOUT_SECONDS + (0 if weights else PATIENCE_FACTOR * seconds)
        try:
            with live.engine().model_file(config, name, epoch, weights, timeout) as file:
                for told in file:
                    standing.note(f":material/hourglass_top: {escaped(told)}")
            content = file.content
            state.keep_file(page.name, what, content)
            standing.clear()
        except FileError as error:
            standing.error(f"No file: {error}.")
            label, icon = "Try again", ":material/refresh:"
    if content is None:
        button.button(
            label,
            key=f"{page.name}/take home make the network",
            icon=icon,
            on_click=state.ask_for,
            args=(page.name, MAKE, what),
        )
    if content is not None:
        with button:
            _download(
                page,
                "Download the network",
                f"{name}.keras",
                "application/octet-stream",
                content,
            )
    captions = words.model_file(config, epoch, bool(weights) or content is not None, seconds)
    st.caption(" ".join(prose.text(PROSE, c.section, c.figures) for c in captions))


def _tables(page: Page, run: Shown) -> None:
    record = run.record
    name = tables.stem(record.config)
    # All there is, but for what a sealed vault holds.
    test = vault.shows([record.config])

    def table() -> tables.Table:
        return tables.history(record, test=test)

    st.markdown("**Every measure after every epoch**")
    with st.container(horizontal=True):
        _download(page, "History", f"{name}-history.csv", CSV, lambda: table().csv())
        _download(
            page,
            "What its columns are",
            f"{name}-history-columns.csv",
            CSV,
            lambda: table().explained(),
        )


def _all_runs(page: Page, runs: list[Shown]) -> None:
    view = page.view.judging
    name = f"{tables.stem(runs[-1].record.config)}-{page.name.replace('_', '-')}"

    def table() -> tables.Table:
        return tables.figures(runs, view.tolerance, test=view.test)

    st.markdown("**This page, all its runs**")
    with st.container(horizontal=True):
        _download(page, "Figures", f"{name}-figures.csv", CSV, lambda: table().csv())
        _download(
            page,
            "What their columns are",
            f"{name}-figures-columns.csv",
            CSV,
            lambda: table().explained(),
        )
    with st.container(horizontal=True):
        charts(page, name, words.lines({run.name: run.record.config for run in runs}))
    st.caption(prose.text(PROSE, "charts"))


def charts(page: Page, name: str, subtitle: list[str]) -> None:
    """A button for the charts of a page as they stand when it is pressed.

    Args:
        name: how the file's name begins.
        subtitle: lines below each chart's title.
    """
    dark, standing = is_dark(), session().charts

    def pictures() -> bytes:
        drawn = [chart for _, chart in sorted(standing.items())]
        return chart_files.zipped(drawn, subtitle, dark)

    _download(page, "Charts", f"{name}-charts.zip", "application/zip", pictures)
