"""Controls of a run's settings, drawn from the rows of `fmviz.run.settings`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import streamlit as st
from pydantic import ValidationError

from fmviz.page.state import State
from fmviz.run import data
from fmviz.run.choices import CHOICES, Choice
from fmviz.run.config import RunConfig, bounds, problems
from fmviz.run.offered import PENALTY_KINDS, offered
from fmviz.run.setting import GROUPS
from fmviz.run.settings import SETTINGS, in_play, number, said
from fmviz.ui import mirrored, view_controls
from fmviz.ui.faults import fault, faults
from fmviz.ui.state import drawn, has, note, put, value, widget

NO_IMAGES = (
    "This server does not have the full Fashion-MNIST that this page asks for, or cannot read it. "
    "Take dataset=full out of the address: the compact set is on every server."
)


def label(field: str) -> str:
    """What the control of a field of a page is called."""
    if field in SETTINGS:
        return SETTINGS[field].label
    return view_controls.LABELS.get(field) or field.replace("_", " ").capitalize()


def penalty(page: str) -> str:
    """The kind of penalty. Without one is λ = 0, not another kind."""
    if value(page, "penalty") not in PENALTY_KINDS:
        put(page, "penalty", PENALTY_KINDS[0])
        put(page, "lam", 0.0)
    table = CHOICES["penalty"]
    kind = st.radio(
        SETTINGS["penalty"].label,
        PENALTY_KINDS,
        format_func=lambda name: table[name].label,
        horizontal=True,
        **widget(page, "penalty"),
        help=_explained("penalty", PENALTY_KINDS),
    )
    return str(kind)


def lam(page: str) -> float:
    """λ on a logarithmic scale that starts with 0."""
    label = SETTINGS["lam"].label
    if not drawn(page, "penalty"):
        # Alone, λ has to say of what it is the strength.
        if value(page, "penalty") == "none":
            put(page, "penalty", "l2")
            put(page, "lam", 0.0)
        label = f"{CHOICES['penalty'][value(page, 'penalty')].label} penalty, λ"
    options = offered("lam", partial(value, page))
    chosen: float = view_controls.slider(page, "lam", label, options, number, "0 is no penalty.")
    return chosen


def init_std(page: str) -> float:
    """σ of the normal initializer on a logarithmic scale."""
    row = SETTINGS["init_std"]
    used = in_play("init_std", partial(value, page))
    hint = (
        "Standard deviation of the initial weights, N(0, σ²), in every layer. "
        "1/√784 ≈ 0.036 keeps what the first layer's units receive of order one."
        if used
        else "The chosen initialiser sets its own scale. Choose normal(σ) to use this one."
    )
    chosen: float = view_controls.slider(
        page, "init_std", row.label, row.slider, number, hint, disabled=not used
    )
    return chosen


def _of_table(page: str, field: str) -> None:
    """A slider over the values of a setting's row."""
    options = offered(field, partial(value, page))
    hint = RunConfig.model_fields[field].description
    view_controls.slider(page, field, SETTINGS[field].label, options, partial(said, field), hint)


def _choice(page: str, field: str) -> None:
    table = CHOICES[field]
    names = list(table)
    st.selectbox(
        SETTINGS[field].label,
        names,
        format_func=lambda name: table[name].label,
        **widget(page, field),
        help=_explained(field, names),
    )


def all_choices(page: str, field: str, label: str, format_func: Callable[[str], str]) -> None:
    """The choices of a setting, all of them in sight, one click each.

    Args:
        format_func: how a choice is written there.
    """
    names = list(CHOICES[field])
    st.pills(
        label,
        names,
        format_func=format_func,
        wrap=True,
        required=True,
        **widget(page, field),
        help=_explained(field, names),
    )


def _explained(field: str, names: Sequence[str]) -> str | None:
    """What a field is, and what each of its choices is, where the tables say so."""
    table = CHOICES[field]
    choices = [choice for n in names if isinstance(choice := table[n], Choice)]
    lines = [f"**{choice.label}** {choice.help}" for choice in choices]
    return "  \n".join(filter(None, [RunConfig.model_fields[field].description, *lines]))


def _number(page: str, field: str) -> None:
    low, high = bounds(field)
    whole = RunConfig.model_fields[field].annotation is int
    kind: Any = int if whole else float
    st.number_input(
        SETTINGS[field].label,
        kind(low),
        kind(high),
        step=kind(SETTINGS[field].step),
        format="%d" if whole else "%g",
        **widget(page, field),
        help=RunConfig.model_fields[field].description,
    )


def setting(page: str, field: str) -> None:
    """The control of any field of a run, by its name in `RunConfig`.

    One that has no effect beside the others (a schedule's setting, σ under Glorot) is left out or
    cannot be moved.
    """
    special: dict[str, Callable[[str], object]] = {
        "penalty": penalty,
        "lam": lam,
        "init_std": init_std,
        "hidden": partial(mirrored.hidden, label=SETTINGS["hidden"].label),
    }
    if field in special:
        special[field](page)
    elif SETTINGS[field].slider:
        if in_play(field, partial(value, page)):
            _of_table(page, field)
    elif field == "dataset":
        if len(data.available()) > 1 or value(page, "dataset") != "compact":
            _choice(page, field)
    elif field in CHOICES:
        _choice(page, field)
    else:
        _number(page, field)


# By their groups; the data set last, which is seldom offered.
MORE = {
    group: sorted((f for f, row in SETTINGS.items() if row.group == group), key="dataset".__eq__)
    for group in GROUPS
}


# In pixels: the longest name of a choice is seen whole.
GROUP_WIDTH = 290


def more(page: str, *, unfolded: bool = False) -> None:
    """Every setting of a run that has no control in sight, folded away, and drawn only while
    unfolded: a dozen controls that nobody sees would take a browser as long as all the rest of
    the page. Call it after the controls in sight."""
    folder = st.expander(
        "More settings",
        expanded=unfolded,
        icon=":material/tune:",
        on_change="rerun",
        key=f"{page}/more",
    )
    if not folder.open:
        return
    left = {
        group: [field for field in fields if not drawn(page, field)]
        for group, fields in MORE.items()
        # Penalty and λ belong together: where one is in sight, so is the other.
        if group != "Penalty" or not drawn(page, "lam")
    }
    # Side by side as far as there is room for all of their words, then below each other.
    with folder:
        groups = st.container(horizontal=True, gap="medium")
    for title, fields in left.items():
        with groups.container(width=GROUP_WIDTH):
            st.markdown(f"**{title}**")
            for field in fields:
                setting(page, field)
    with groups.container(width=GROUP_WIDTH):
        st.markdown("**Early stopping and test**")
        views: dict[str, Callable[[str], Any]] = {
            "patience": view_controls.patience,
            "monitor": view_controls.monitor,
            "restore": view_controls.restore,
            "test": view_controls.test,
        }
        for field, control in views.items():
            if has(page, field) and not drawn(page, field):
                control(page)


def without_effect(page: str, *fields: str) -> None:
    """Leave fields out of `more`, where a page sets them itself."""
    for field in fields:
        note(page, field)


def config(values: State) -> RunConfig:
    """The run that the controls ask for; ends the page with an explanation where there is none."""
    try:
        asked = values.config
    except ValidationError as error:
        faults(problems(error))
        st.stop()
    if asked.dataset not in data.available():
        fault(NO_IMAGES)
        st.stop()
    return asked
