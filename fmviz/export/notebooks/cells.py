"""Notebooks out of templates.

A template is Markdown with the code of each cell in a fence, so that it reads as the notebook does.
Prose may be broken into lines where that reads best: a paragraph becomes one line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from nbformat import NotebookNode, v4

from fmviz.words.keras_lines import Call

FENCED = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Columns of a line of code.
WIDTH = 100
# Arguments that a notebook writes without their names, the first ones of a call at most.
BY_PLACE = 2


def short(value: float) -> str:
    """A constant as it is typed: "0.9", "1e-7"."""
    return f"{value:.6g}".replace("e-0", "e-")


def listed(name: str, values: Any) -> str:
    """`name = [...]` to four decimals, in lines of at most `WIDTH` columns."""
    lines, line = [], f"{name} = ["
    for value in values:
        item = f"{value:.4f}, "
        if len(line) + len(item) > WIDTH - 2:
            lines.append(line.rstrip())
            line = "    "
        line += item
    return "\n".join([*lines, line.rstrip(", ") + "]"])


def cell(call: Call, indent: int = 0, before: int | None = None) -> str:
    """A call of Keras in a cell: on one line, or broken where that is too long.

    Args:
        indent: columns in front of its line.
        before: columns in front of the call itself, where something else stands before it.
    """
    arguments = call.written(min(call.by_place, BY_PLACE))
    line = f"keras.{call.name}({', '.join(arguments)})"
    if (indent if before is None else before) + len(line) < WIDTH:
        return line
    inner, outer = " " * (indent + 4), " " * indent
    together = inner + ", ".join(arguments)
    if len(together) >= WIDTH:
        together = "".join(f"{inner}{argument},\n" for argument in arguments).rstrip("\n")
    return f"keras.{call.name}(\n{together}\n{outer})"


def assigned(call: Call, name: str) -> str:
    """`name = call`."""
    return f"{name} = {cell(call, before=len(name) + 3)}"


@cache
def _environment() -> Environment:
    found = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    found.filters |= {"cell": cell, "assigned": assigned, "short": short}
    found.filters |= {"g": "{:g}".format, "thousands": "{:,}".format}
    found.globals["listed"] = listed
    return found


def text(template: str, context: Mapping[str, Any]) -> str:
    """A template filled in, as Markdown.

    Args:
        template: a name in `templates/`, without its ending.

    Raises:
        jinja2.UndefinedError: it names what the context does not have.
    """
    return _environment().get_template(f"{template}.md.j2").render(context)


def rendered(template: str, context: Mapping[str, Any]) -> NotebookNode:
    """A template's notebook; the same context always makes the same file.

    Args:
        template: a name in `templates/`, without its ending.

    Raises:
        jinja2.UndefinedError: it names what the context does not have.
    """
    cells = []
    # Prose and code in turn; prose is empty between two cells of code.
    for number, source in enumerate(FENCED.split(text(template, context))):
        if number % 2:
            cells.append(v4.new_code_cell(source.removesuffix("\n")))
        elif source.strip():
            cells.append(v4.new_markdown_cell(_unwrapped(source)))
    for number, each in enumerate(cells, start=1):
        each["id"] = f"cell-{number}"
    return v4.new_notebook(
        cells=cells,
        metadata={
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
    )


def _unwrapped(prose: str) -> str:
    paragraphs = re.split(r"\n\s*\n", prose.strip())
    return "\n\n".join(" ".join(paragraph.split("\n")) for paragraph in paragraphs)


def as_bytes(notebook: NotebookNode) -> bytes:
    """The notebook as an .ipynb file.

    Raises:
        nbformat.ValidationError: it is no sound notebook.
    """
    nbformat.validate(notebook)
    return str(nbformat.writes(notebook)).encode()
