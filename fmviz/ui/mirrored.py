"""Controls that show a field in another form: text for a list, one slider for all layers' widths.

Each is a widget of `mirror`, apart from the value that it stands for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from fmviz.run.config import allowed, from_text
from fmviz.run.offered import offered, present
from fmviz.run.settings import written
from fmviz.ui.faults import fault
from fmviz.ui.session import Refused, get_widget, put_widget, session
from fmviz.ui.state import locked, note, put, value
from fmviz.words.numbers import upper_first


def mirror(
    page: str, field: str, form: str, shown: Any, read: Callable[[Any], Any]
) -> dict[str, Any]:
    """Arguments for a widget that shows a field in another form, such as text for a list.

    The widget has a key of its own, and shows the field's value whatever changed that. What the
    reader makes of it becomes the field's value before the page runs again.

    Args:
        form: names the widget's key on its page.
        shown: the field's value in the widget's form.
        read: from the widget's form to the field's value; a ValueError, with a sentence, leaves
            the field as it was. The entry then stays, to be mended, until the field gets another
            value; meanwhile `refusal` gives the sentence.
    """
    note(page, field)
    key, memory = f"{page}/{form}", session().page(page)
    refused = memory.refused.get(form)
    if refused is not None and refused.shown != shown:
        del memory.refused[form]
        refused = None
    put_widget(key, shown if refused is None else refused.entry)

    def take() -> None:
        entry = get_widget(key)
        try:
            put(page, field, read(entry))
        except ValueError as error:
            memory.refused[form] = Refused(entry, str(error), shown)
        else:
            memory.refused.pop(form, None)

    return {"key": key, "on_change": take, "disabled": locked(page, field)}


def refusal(page: str, form: str) -> str | None:
    """Why what was entered last in a widget of `mirror` is not the field's value; None where it
    is."""
    refused = session().page(page).refused.get(form)
    return None if refused is None else refused.reason


def several(page: str, field: str, label: str, labels: Mapping[str, str]) -> None:
    """Some of a few words, in their order. The last one cannot be taken away."""
    present = value(page, field)

    def chosen(names: list[str]) -> tuple[str, ...]:
        return tuple(name for name in labels if name in names) or present

    st.pills(
        label,
        list(labels),
        selection_mode="multi",
        wrap=True,
        format_func=labels.__getitem__,
        **mirror(page, field, field, list(present), chosen),
    )


def listed(
    page: str,
    field: str,
    label: str,
    names: Sequence[str],
    present: Sequence[str],
    format_func: Callable[[str], str],
    write: Callable[[list[str]], str],
) -> None:
    """Some of a table's words, for a field that holds them as text. The last one cannot be taken
    away."""
    unchanged = value(page, field)

    def chosen(words: list[str]) -> str:
        return write(words) if words else unchanged

    st.pills(
        label,
        names,
        selection_mode="multi",
        wrap=True,
        format_func=format_func,
        **mirror(page, field, f"{field} as list", list(present), chosen),
    )


def typed(
    page: str,
    field: str,
    label: str,
    present: str,
    read: Callable[[str], object],
    help: str,
    *,
    verb: str = "are",
) -> None:
    """A value that is typed. Text that cannot be read leaves the field as it was, and the page says
    why.

    Args:
        present: the field's value as a person would type it.
        read: from what was typed to the field's value; raises ValueError with a sentence that has
            no stop.
        verb: of `present`.
    """

    def read_or_say(text: str) -> object:
        try:
            return read(text)
        except ValueError as error:
            raise ValueError(f"{error}. {present} {verb} still in use.") from error

    form = f"{field} as text"
    st.text_input(label, help=help, **mirror(page, field, form, present, read_or_say))
    if (problem := refusal(page, form)) is not None:
        fault(upper_first(problem))


def hidden(page: str, label: str) -> None:
    """Widths of the hidden layers as text."""
    widths = allowed("hidden")

    def read(text: str) -> object:
        try:
            return from_text("hidden", text.strip())
        except ValueError as error:
            raise ValueError(f"hidden layers must be {widths}") from error

    typed(
        page,
        "hidden",
        label,
        written("hidden", value(page, "hidden")),
        read,
        f"Widths from the input on: {widths}.",
        verb="is",
    )


def width(page: str) -> None:
    """Units of every hidden layer, as a slider; their number stays."""
    settings = partial(value, page)
    layers = len(value(page, "hidden"))
    st.select_slider(
        "Width of the hidden layers" if layers > 1 else "Hidden units",
        offered("width", settings),
        **mirror(
            page,
            "hidden",
            "width",
            present("width", settings),
            lambda units: (int(units),) * max(layers, 1),
        ),
    )


def depth(page: str) -> None:
    """Number of hidden layers, all as wide as the first."""
    settings = partial(value, page)
    units, layers = present("width", settings), offered("depth", settings)
    st.slider(
        "Hidden layers",
        layers[0],
        layers[-1],
        **mirror(
            page,
            "hidden",
            "depth",
            present("depth", settings),
            lambda count: (units,) * int(count),
        ),
    )
