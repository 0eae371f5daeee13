"""What is wrong is said as text, and nothing goes another way."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from fmviz.ui.faults import MOST
from tests.support.markdown import errors

ROOT = Path(__file__).parents[2] / "fmviz"
DRAWING = sorted({*(ROOT / "ui").rglob("*.py"), *(ROOT / "lessons").rglob("*.py")})
# What Streamlit, or a `Place`, takes for Markdown: functions, and arguments of any function.
MARKDOWN = {
    "badge", "caption", "error", "expander", "header", "info", "markdown", "metric", "note",
    "popover", "progress", "say", "subheader", "success", "tabs", "title", "toast", "warning",
    "write",
}  # fmt: skip
ARGUMENTS = {"help", "label", "placeholder", "text"}
# Variables and attributes that hold what fmviz has not written itself.
FROM_OUTSIDE = {"entry", "error", "message", "pin", "problem", "reason", "sentence", "told"}
MADE_SAFE = {"escaped", "bold"}


def boxes(count: int) -> None:
    from fmviz.ui.faults import faults

    faults([f"sentence {i} with ![a](http://b.example/c)" for i in range(count)])


@pytest.mark.parametrize("count", [0, 1, MOST, MOST + 1, 1_000])
def test_many_faults_take_no_more_room_than_a_few(count: int) -> None:
    said = errors(AppTest.from_function(boxes, args=(count,)).run())
    assert len(said) == min(count, MOST)
    shown = count if count <= MOST else MOST - 1
    assert said[:shown] == [f"sentence {i} with ![a](http://b.example/c)" for i in range(shown)]
    if count > MOST:
        assert said[-1] == f"There are {count - shown:,} further faults."


def last_name(node: ast.AST) -> str:
    """Of `standing` and of `self.standing`."""
    return str(getattr(node, "attr", getattr(node, "id", "")))


def calls() -> Iterator[tuple[str, ast.Call, str]]:
    for path in DRAWING:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = last_name(node.func)
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node, name


def places(path: str) -> set[str]:
    """The variables of a module that hold a `Place`, whose `error` escapes what it is given."""
    found = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Assign):
            values = getattr(node.value, "elts", [node.value])
            for target in node.targets:
                pairs = zip(getattr(target, "elts", [target]), values)
                found |= {
                    last_name(name)
                    for name, value in pairs
                    if isinstance(value, ast.Call) and last_name(value.func) == "Place"
                }
    return found


def test_errors_are_shown_by_one_function_or_in_a_place() -> None:
    """Any other red box holds a section of the lesson's prose."""
    own = {"ui/faults.py", "ui/place.py"}
    seen, straight = 0, []
    for place, call, name in calls():
        path = place.partition(":")[0]
        if name != "error" or path in own or not isinstance(call.func, ast.Attribute):
            continue
        seen += 1
        said = call.args[0]
        of_prose = isinstance(said, ast.Call) and last_name(said.func) == "text"
        if not of_prose and last_name(call.func.value) not in places(path):
            straight.append(place)
    assert straight == []
    assert seen > 3


def raw(node: ast.AST, names: set[str]) -> Iterator[str]:
    """Which of some names an expression holds that are not made safe in it."""
    if isinstance(node, ast.Call):
        name = last_name(node.func)
        if name in MADE_SAFE:
            return
    if isinstance(node, ast.Name) and node.id in names:
        yield node.id
    if isinstance(node, ast.Attribute) and node.attr in names:
        yield node.attr
    for child in ast.iter_child_nodes(node):
        yield from raw(child, names)


def test_no_text_from_outside_is_put_into_markdown_as_it_is() -> None:
    found = []
    for place, call, name in calls():
        arguments = call.args if name in MARKDOWN and name != "error" else []
        texts = [*arguments, *(k.value for k in call.keywords if k.arg in ARGUMENTS)]
        parts = [part for text in texts for part in ast.walk(text)]
        values = [part.value for part in parts if isinstance(part, ast.FormattedValue)]
        # The page of pins calls runs by the names that readers have given them.
        names = FROM_OUTSIDE | ({"run"} if place.startswith("lessons/compare") else set())
        found += [(place, name, held) for value in values if (held := [*raw(value, names)])]
    assert found == []
