"""Controls, one function each, drawn from the tables and bounds of `fmviz.run`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st
from pydantic import ValidationError

from fmviz.page.state import State
from fmviz.page.view import ALL, MODES, MONITORS
from fmviz.run import data
from fmviz.run.choices import CHOICES, DATASETS, Choice
from fmviz.run.config import RunConfig, bounds, problems
from fmviz.run.measure import TOLERANCES
from fmviz.run.setting import GROUPS
from fmviz.run.settings import SETTINGS, in_play, number, said
from fmviz.ui import mirrored
from fmviz.ui.session import session
from fmviz.ui.state import drawn, has, note, put, value, widget

# What acts apart from the gradient is not scaled up by Adam, and needs more.
LARGE_LAMBDAS = (200.0, 500.0, 1e3, 2e3, 5e3, 1e4)
MIN_DELTAS = (0.0, 1e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1)
PATIENCES = (None, 0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20)

# As the controls of a view name themselves.
VIEW_LABELS = {
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


def label(field: str) -> str:
    """What the control of a field of a page is called."""
    if field in SETTINGS:
        return SETTINGS[field].label
    return VIEW_LABELS.get(field) or field.replace("_", " ").capitalize()


def _slider(
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


def penalty(page: str) -> str:
    """The kind of penalty. Without one is λ = 0, not another kind."""
    offered = ("l2", "l1", "l1_l2", "l1_proximal", "weight_decay")
    if value(page, "penalty") not in offered:
        put(page, "penalty", offered[0])
        put(page, "lam", 0.0)
    table = CHOICES["penalty"]
    kind = st.radio(
        SETTINGS["penalty"].label,
        offered,
        format_func=lambda name: table[name].label,
        horizontal=True,
        **widget(page, "penalty"),
        help=_explained("penalty", offered),
    )
    return str(kind)


def lam(page: str) -> float:
    """λ on a logarithmic scale that starts with 0."""
    apart = value(page, "penalty") in ("l1_proximal", "weight_decay")
    row = SETTINGS["lam"]
    label = row.label
    if not drawn(page, "penalty"):
        # Alone, λ has to say of what it is the strength.
        if value(page, "penalty") == "none":
            put(page, "penalty", "l2")
            put(page, "lam", 0.0)
        label = f"{CHOICES['penalty'][value(page, 'penalty')].label} penalty, λ"
    options = row.slider + LARGE_LAMBDAS if apart else row.slider
    chosen: float = _slider(page, "lam", label, options, number, "0 is no penalty.")
    return chosen


def init_std(page: str) -> float:
    """σ of the normal initializer on a logarithmic scale."""
    row = SETTINGS["init_std"]
    used = in_play("init_std", partial(value, page))
    hint = (
        "Standard deviation of the initial weights, N(0, σ²), in every layer. "
        "1/√784 ≈ 0.036 keeps the first layer's pre-activations of order one."
        if used
        else "The chosen initialiser sets its own scale. Choose normal(σ) to use this one."
    )
    chosen: float = _slider(
        page, "init_std", row.label, row.slider, number, hint, disabled=not used
    )
    return chosen


def _of_table(page: str, field: str) -> None:
    """A slider over the values of a setting's row."""
    options: Sequence[Any] = SETTINGS[field].slider
    if field == "train_size":
        options = [n for n in options if n <= DATASETS[value(page, "dataset")].train]
    hint = RunConfig.model_fields[field].description
    _slider(page, field, SETTINGS[field].label, options, partial(said, field), hint)


def patience(page: str, options: Sequence[int | None] = PATIENCES) -> int | None:
    """Patience of early stopping, or off."""
    chosen: int | None = _slider(
        page,
        "patience",
        "Patience",
        options,
        lambda p: "off" if p is None else str(p),
        "Early stopping: epochs without improvement that are borne. It trains nothing again.",
    )
    return chosen


def tolerance(page: str) -> float:
    """Tolerance below which a weight counts as zero."""
    chosen: float = _slider(
        page,
        "tolerance",
        "Tolerance: a weight counts as zero where |w| ≤",
        TOLERANCES,
        lambda t: "0 (exact)" if t == 0 else number(t),
        "It trains nothing again: the counts are taken in every epoch.",
    )
    return chosen


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
    with folder:
        *columns, last = st.columns(len(left) + 1, gap="medium")
    for column, (title, fields) in zip(columns, left.items(), strict=True):
        with column:
            st.markdown(f"**{title}**")
            for field in fields:
                setting(page, field)
    with last:
        st.markdown("**Early stopping and test**")
        views: dict[str, Callable[[str], Any]] = {
            "patience": patience,
            "monitor": monitor,
            "restore": restore,
            "test": test,
        }
        for field, control in views.items():
            if has(page, field) and not drawn(page, field):
                control(page)


def monitor(page: str) -> None:
    """What early stopping looks at."""
    st.selectbox(
        "Monitor",
        list(MONITORS),
        format_func=MONITORS.__getitem__,
        **widget(page, "monitor"),
    )


def restore(page: str) -> None:
    """Whether the best epoch's weights come back."""
    st.toggle(
        "restore_best_weights",
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
        "Show test accuracy",
        **widget(page, "test"),
        help="The test images judge a finished choice. Choose λ and patience on validation.",
    )


def early_stopping(page: str, epochs: int) -> None:
    """The arguments of `keras.callbacks.EarlyStopping` that are seldom touched, folded away.

    Args:
        epochs: of the run that is looked at.
    """
    with st.expander("All arguments of EarlyStopping", icon=":material/tune:"):
        _slider(
            page,
            "min_delta",
            "min_delta",
            MIN_DELTAS,
            number,
            "An epoch improves only where it beats the best so far by more than this, in the "
            "monitor's own units.",
        )
        st.radio(
            "mode",
            MODES,
            horizontal=True,
            **widget(page, "mode"),
            help="Whether small or large is better; auto knows. The wrong one is worth a look.",
        )
        st.number_input(
            "baseline",
            0.0,
            100.0,
            step=0.05,
            format="%g",
            placeholder="none",
            **widget(page, "baseline"),
            help="A value to beat, in the monitor's own units: before that, wait counts on.",
        )
        _slider(
            page,
            "start_from",
            "start_from_epoch",
            range(epochs + 1),
            str,
            "So many epochs pass before the callback looks.",
        )


def epoch(page: str, epochs: int) -> int | None:
    """An epoch to look at, from 1; None is the one whose weights come back."""
    chosen: int | None = _slider(
        page,
        "epoch",
        "Epoch",
        (None, *range(1, epochs + 1)),
        lambda e: "what comes back" if e is None else str(e),
        "Arrow keys move it too. It trains nothing again.",
    )
    return chosen


def slider(
    page: str,
    field: str,
    label: str,
    options: Sequence[Any],
    format_func: Callable[[Any], str],
    help: str | None = None,
) -> Any:
    """A slider of a lesson's own over a table of values."""
    return _slider(page, field, label, options, format_func, help)


def selection(page: str, field: str, label: str, labels: Mapping[Any, str]) -> Any:
    """One of several words, folded away."""
    return st.selectbox(label, list(labels), format_func=labels.__getitem__, **widget(page, field))


def choice(page: str, field: str, label: str, labels: Mapping[Any, str]) -> str:
    """One of a few words, all in sight."""
    chosen = st.segmented_control(
        label,
        list(labels),
        format_func=labels.__getitem__,
        **widget(page, field),
        required=True,
    )
    return str(chosen)


def toggle(page: str, field: str, label: str, help: str | None = None) -> bool:
    """Yes or no."""
    return bool(st.toggle(label, **widget(page, field), help=help))


def layer(page: str, layers: int) -> int:
    """A layer, counted from 1 at the input; one that the network lacks becomes the last."""
    put(page, "layer", min(value(page, "layer"), layers))
    if layers == 1:
        return 1
    chosen: Any = st.segmented_control(
        "Layer", range(1, layers + 1), **widget(page, "layer"), required=True
    )
    return int(chosen)


def without_effect(page: str, *fields: str) -> None:
    """Leave fields out of `more`, where a page sets them itself."""
    for field in fields:
        note(page, field)


def config(values: State) -> RunConfig:
    """The run that the controls ask for; ends the page with an explanation where there is none."""
    try:
        return values.config
    except ValidationError as error:
        for sentence in problems(error):
            st.error(sentence, icon=":material/error:")
        st.stop()
