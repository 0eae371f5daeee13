"""Branch: change one thing of a run at an epoch that the player shows, and see both futures."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from fmviz.run.choices import CHOICES
from fmviz.run.config import RunConfig
from fmviz.run.naming import branch_name, setting
from fmviz.run.offered import PENALTY_KINDS, offered
from fmviz.run.settings import BRANCHING, SETTINGS, parts, said, written
from fmviz.ui import state
from fmviz.ui.navigation import page_file
from fmviz.ui.page import Page
from fmviz.ui.place import Place

# What is offered beside the knobs of a page.
OFFERED = ("lam", "penalty", "learning_rate", "schedule", "dropout", "optimizer", "batch_size")
SIZES = (8, 16, 32, 64, 128, 256, 512, 1_024)
# λ of a penalty that is switched on, where the run has none to go by.
LAM = 10.0


def draw(page: Page[Any]) -> None:
    """What the present branch is, and the way back; where an epoch has just been picked, the
    question what is to change there."""
    epoch = state.take_up(page.name, "branch")
    if isinstance(epoch, int):
        _ask(page, epoch)
    branched = page.branched
    if branched is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", key=f"{page.name}-branch"):
        st.caption(f":material/call_split: Branched {branch_name(branched)}", width="content")
        st.button(
            "Undo the branch",
            key=f"{page.name}/branch undo",
            type="tertiary",
            on_click=_set,
            args=(page, 0, {}),
            disabled=_locked(page),
        )
        st.page_link(
            page_file("sweep"),
            label="Sweep its epoch",
            icon=":material/tune:",
            query_params=_swept(branched),
        )


def _swept(config: RunConfig) -> dict[str, str]:
    """The address of a sweep over the epoch of a run's branch: from the start on, at quarters of
    the run, and where it is."""
    settings = {field: written(field, config[field]) for field in SETTINGS}
    quarters = {config.epochs * part // 4 for part in range(4)}
    values = ",".join(map(str, sorted(quarters | {config.branch_epoch})))
    return settings | {"knob": "branch_epoch", "values": values}


def left_out(page: Page[Any]) -> None:
    """Say of what stands here that a branch has no part in it, where there is one."""
    if page.branched is not None:
        Place().caption(page.text("branch left out"))


def ask_at(page: Page[Any], epoch: int) -> None:
    """Ask what is to change after an epoch, in the next run of the page; for callbacks."""
    if not _locked(page):
        state.ask_for(page.name, "branch", epoch)


@st.dialog("Branch this run", icon=":material/call_split:")
def _ask(page: Page[Any], epoch: int) -> None:
    st.markdown(page.text("branch here"))
    last = page.config.epochs - 1
    at = int(st.number_input("After epoch", 1, last, min(max(epoch, 1), last)))
    config = page.config
    own = [k for k in page.lesson.knobs if k in BRANCHING and k not in parts("schedule")]
    fields = [f for f in dict.fromkeys((*own, *OFFERED)) if _values(config, f)]
    field = st.selectbox("What changes", fields, format_func=lambda name: SETTINGS[name].label)
    changes = _changes(config, field, _chosen(config, field))
    if field == "optimizer":
        # A rate that suits one does not suit another.
        rates = SETTINGS["learning_rate"].slider
        near = min(rates, key=lambda rate: abs(rate - config.learning_rate))
        write = partial(said, "learning_rate")
        rate = st.select_slider("At the learning rate", rates, near, format_func=write)
        changes["learning_rate"] = rate
    if st.button("Branch here", type="primary", on_click=_set, args=(page, at, changes)):
        st.rerun()


def _chosen(config: RunConfig, field: str) -> Any:
    """The value that a field is to have; its present one is none."""
    options, write = _values(config, field), partial(said, field)
    if field in CHOICES:
        return st.selectbox("To", options, format_func=write)
    now = f"{SETTINGS[field].label} is {setting(field, config)} so far."
    middle = options[len(options) // 2]
    return st.select_slider("To", options, middle, format_func=write, help=now)


def _changes(config: RunConfig, field: str, value: Any) -> dict[str, Any]:
    """What changes with a field: λ and a penalty are nothing without each other."""
    if field == "lam" and config.penalty == "none":
        return {"penalty": PENALTY_KINDS[0], "lam": value}
    if field == "penalty" and not config.lam:
        return {"penalty": value, "lam": LAM}
    return {field: value}


def _values(config: RunConfig, field: str) -> tuple[Any, ...]:
    """The values to which a field can change, those that change something."""
    if field == "penalty":
        offers: tuple[Any, ...] = tuple(CHOICES["penalty"])
    elif field == "lam":
        offers = SETTINGS["lam"].slider
    else:
        offers = SIZES if field == "batch_size" else offered(field, config.__getitem__)
    return tuple(
        value
        for value in offers
        if config.replace(branch=_changes(config, field, value), branch_epoch=1).branch
    )


def _set(page: Page[Any], epoch: int, changes: dict[str, Any]) -> None:
    values = page.values | {"branch": tuple(changes.items()), "branch_epoch": epoch}
    state.apply(page.name, values)


def _locked(page: Page[Any]) -> bool:
    return state.locked(page.name, "branch")
