"""Controls of a view, one function each, and the widgets that lessons draw their own with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from fmviz.page.view import ALL, MODES, MONITORS
from fmviz.run.measure import TOLERANCES
from fmviz.run.settings import number
from fmviz.ui.session import session
from fmviz.ui.state import note, put, value, widget

MIN_DELTAS = (0.0, 1e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1)
PATIENCES = (None, 0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20)

# Also of what a link can lock.
LABELS = {
    ALL: "all of them",
    "patience": "Patience",
    "monitor": "Monitor",
    "restore": "restore_best_weights",
    "test": "Show test accuracy",
    "min_delta": "min_delta",
    "mode": "mode",
    "baseline": "baseline",
    "start_from": "start_from_epoch",
    "tolerance": "Tolerance",
    "section": "Look closer",
    "prune": "Share pruned",
    "racers": "Who races",
    "rates": "Learning rates",
    "ravine_rate": "Learning rate on the ravine",
    "strength": "λ/n of the two weights",
}


def slider(
    page: str,
    field: str,
    label: str,
    options: Sequence[Any],
    format_func: Callable[[Any], str],
    help: str | None = None,
    disabled: bool = False,
) -> Any:
    """A slider over a table of values; one that a link brought and the table lacks is added."""
    present = value(page, field)
    if present not in options:
        options = sorted({*options, present}, key=lambda v: (v is not None, v or 0))
    bound = widget(page, field)
    return st.select_slider(
        label,
        options,
        format_func=format_func,
        help=help,
        **bound | {"disabled": disabled or bound["disabled"]},
    )


def selection(page: str, field: str, label: str, labels: Mapping[Any, str]) -> Any:
    """One of several words, folded away."""
    return st.selectbox(label, list(labels), format_func=labels.__getitem__, **widget(page, field))


def choice(page: str, field: str, label: str, labels: Mapping[Any, str]) -> str:
    """One of a few words, all in sight."""
    chosen = st.segmented_control(
        label,
        list(labels),
        format_func=labels.__getitem__,
        wrap=True,
        **widget(page, field),
        required=True,
    )
    return str(chosen)


def toggle(page: str, field: str, label: str, help: str | None = None) -> bool:
    """Yes or no."""
    return bool(st.toggle(label, **widget(page, field), help=help))


def patience(page: str, options: Sequence[int | None] = PATIENCES) -> int | None:
    """Patience of early stopping, or off."""
    chosen: int | None = slider(
        page,
        "patience",
        LABELS["patience"],
        options,
        lambda p: "off" if p is None else str(p),
        "Training stops after so many epochs in a row without an improvement; 0 stops like 1. No "
        "new training.",
    )
    return chosen


def monitor(page: str) -> None:
    """What early stopping looks at."""
    st.selectbox(
        LABELS["monitor"],
        list(MONITORS),
        format_func=MONITORS.__getitem__,
        **widget(page, "monitor"),
    )


def restore(page: str) -> None:
    """Whether the best epoch's weights come back."""
    st.toggle(
        LABELS["restore"],
        **widget(page, "restore"),
        help="Keras's default is off: the weights of the last epoch that ran stay.",
    )


def test(page: str) -> None:
    """Whether test accuracy is shown; where the class has a vault, that decides."""
    if session().classroom.vault:
        note(page, "test")
        st.caption(":material/lock: Test accuracy is in the vault, at the foot of the page.")
        return
    st.toggle(
        LABELS["test"],
        **widget(page, "test"),
        help="The test images judge a finished choice. Choose λ and patience on validation.",
    )


def early_stopping(page: str, epochs: int) -> None:
    """The arguments of `keras.callbacks.EarlyStopping` that are seldom touched, folded away.

    Args:
        epochs: of the run that is looked at.
    """
    with st.expander("All arguments of EarlyStopping", icon=":material/tune:"):
        slider(
            page,
            "min_delta",
            LABELS["min_delta"],
            MIN_DELTAS,
            number,
            "An epoch improves only where it beats the best so far by more than this, in the "
            "monitor's own units.",
        )
        st.radio(
            LABELS["mode"],
            MODES,
            horizontal=True,
            **widget(page, "mode"),
            help="Whether small or large is better; auto knows. The wrong one is worth a look.",
        )
        st.number_input(
            LABELS["baseline"],
            0.0,
            100.0,
            step=0.05,
            format="%g",
            placeholder="none",
            **widget(page, "baseline"),
            help="A value to beat, in the monitor's own units: before that, wait counts on.",
        )
        slider(
            page,
            "start_from",
            LABELS["start_from"],
            range(epochs + 1),
            str,
            "So many epochs pass before the callback looks.",
        )


def epoch(page: str, epochs: int) -> int | None:
    """An epoch to look at, from 1; None is the one whose weights are kept."""
    chosen: int | None = slider(
        page,
        "epoch",
        "Epoch",
        (None, *range(1, epochs + 1)),
        lambda e: "the one kept" if e is None else str(e),
        "Arrow keys move it too. No new training.",
    )
    return chosen


def layer(page: str, layers: int) -> int:
    """A layer, counted from 1 at the input; one that the network lacks becomes the last."""
    put(page, "layer", min(value(page, "layer"), layers))
    if layers == 1:
        return 1
    chosen: Any = st.segmented_control(
        "Layer", range(1, layers + 1), **widget(page, "layer"), required=True
    )
    return int(chosen)


def tolerance(page: str) -> float:
    """Tolerance below which a weight counts as zero."""
    chosen: float = slider(
        page,
        "tolerance",
        "Tolerance: counts as zero where |w| ≤",
        TOLERANCES,
        lambda t: "0 (exact)" if t == 0 else number(t),
        "No new training: the counts are taken in every epoch.",
    )
    return chosen
