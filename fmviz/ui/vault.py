"""The test vault on a page: sealed, with a count of the looks into it, and opened."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from fmviz.analysis.stopping import Shown
from fmviz.charts import vault as charts
from fmviz.page import vault_words as words
from fmviz.page.vault import Vault
from fmviz.run.config import RunConfig
from fmviz.run.naming import run_name
from fmviz.run.record import RunRecord
from fmviz.ui import live
from fmviz.ui.faults import fault
from fmviz.ui.place import draw_chart
from fmviz.ui.session import is_dark, session
from fmviz.words import prose, waiting
from fmviz.words.numbers import percent
from fmviz.words.prose import SHARED, Caption


def shows(configs: Iterable[RunConfig]) -> bool:
    """Whether the test figures of some runs may be seen: always, where the class has no vault."""
    keys = tuple(config.key for config in configs)
    return not session().classroom.vault or session().kept.vault.shows(keys)


def saw(runs: Iterable[Shown]) -> None:
    """Note that the validation accuracy of some ended runs is on the screen."""
    if session().classroom.vault:
        _keep(session().kept.vault.saw(runs))


def saw_ends(records: Iterable[RunRecord | None]) -> None:
    """As `saw`, after the last epoch of each record."""
    saw(
        Shown(run_name(record.config), record, None, record.epochs)
        for record in records
        if record is not None and record.epochs
    )


def draw(
    place: DeltaGenerator, page: str, runs: Sequence[Shown], whose: str = "these networks'"
) -> None:
    """The vault in its place on a page whose runs have ended, where the class has one.

    Args:
        runs: those that a look shows the test accuracy of.
        whose: what they are called on the button of the look.
    """
    if not session().classroom.vault:
        return
    saw(runs)
    vault, configs = session().kept.vault, [run.record.config for run in runs]
    with place.container(border=True, key=f"{page}-vault"):
        if vault.opened:
            if vault.unjudged:
                measured = _measured(page, vault.unjudged)
                if measured is None:
                    return
                vault = vault.judged(measured)
                _keep(vault)
            st.markdown(_said(words.opened(vault)))
            st.caption(_said([words.counts()]))
            draw_chart(
                charts.vault_rows(
                    vault, [words.changed_settings(each.config) for each in vault.tried]
                ),
                charts.vault_spec(is_dark()),
                alt="Test accuracy against validation accuracy of every network tried.",
            )
            return
        looked = shows(configs)
        captions = [words.sealed(vault)]
        if looked:
            measured = _measured(page, configs)
            if measured is None:
                return
            told = zip(runs, measured, strict=True)
            captions += words.looked([run._replace(record=record) for run, record in told])
        st.markdown(_said(captions))
        st.caption(_said([words.counts()]))
        with st.container(horizontal=True):
            st.button(
                f"Look at {whose} test accuracy",
                icon=":material/visibility:",
                key=f"{page}/vault look",
                disabled=looked,
                on_click=_look,
                args=(configs,),
                help="As this page is set. The look is counted.",
            )
            st.button(
                "Open the vault for good",
                icon=":material/lock_open:",
                key=f"{page}/vault open",
                # Where all that was tried has diverged at once, there is no last word.
                disabled=not vault.tried,
                on_click=_open,
                help="The last word: your best validation score against its test score.",
            )


def _measured(page: str, configs: Sequence[RunConfig]) -> list[RunRecord] | None:
    """The records of some runs with their test figures, which are measured where they are not known
    yet; None, and words in their place, where that has failed."""
    if not configs:
        return []
    place = st.container()
    bar = place.empty()
    for update in live.live(configs, brief=True, test=True):
        if update.state == "failed":
            bar.empty()
            with place:
                fault(update.message)
            # To ask once more is all it takes.
            place.button("Try again", key=f"{page}/vault again", icon=":material/refresh:")
            return None
        if update.state != "done":
            share = update.progress(configs)
            bar.progress(share, f"{waiting.test_images()}, {percent(share, 0)}")
    bar.empty()
    return [record for record in update.records if record is not None]


def _said(captions: Iterable[Caption]) -> str:
    return " ".join(prose.text(SHARED, each.section, each.figures) for each in captions)


def _look(configs: list[RunConfig]) -> None:
    _keep(session().kept.vault.peek(configs))


def _open() -> None:
    _keep(session().kept.vault.open())


def _keep(vault: Vault) -> None:
    if vault is not session().kept.vault:
        session().kept.vault = vault
        session().keep()
