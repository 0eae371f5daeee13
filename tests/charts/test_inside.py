"""Labels within a chart: on round numbers, and beside the points rather than over them."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmviz.charts.inside import OFF, Label, labels, round_values

HEIGHT, SIZE = 84, (38, 20)
STARTS = [0, 50, 100, 150, 200]


def box(label: Label, line: float) -> tuple[float, float, float, float]:
    left = STARTS[label.start]
    top = line - OFF - SIZE[1] if label.above else line + OFF
    return left, top, left + SIZE[0], top + SIZE[1]


def apart(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


@pytest.mark.parametrize(
    ("low", "high", "values"),
    [
        (0.62, 1.0, [0.8, 1.0]),
        (0.1, 1.0, [0.5, 1.0]),
        (0.812, 0.8201, [0.815, 0.82]),
        (0.5, 0.5, [0.5]),
    ],
)
def test_lines_stand_at_round_numbers(low: float, high: float, values: list[float]) -> None:
    assert round_values(low, high) == values


@given(st.floats(0, 1), st.floats(1e-4, 1))
def test_there_are_one_or_two_lines_and_they_are_within(low: float, width: float) -> None:
    values = round_values(low, low + width)
    assert 1 <= len(values) <= 2
    assert all(low - 1e-9 <= value <= low + width + 1e-9 for value in values)


places = st.tuples(st.floats(0, 250), st.floats(0, HEIGHT))


@given(st.lists(places, max_size=12), st.lists(st.floats(5, HEIGHT - 5), max_size=2))
def test_no_label_lies_on_a_point_where_there_is_room_without(
    points: list[tuple[float, float]], lines: list[float]
) -> None:
    found = labels(points, lines, STARTS, SIZE, HEIGHT)
    assert len(found) == len(lines)
    boxes = [box(*each) for each in zip(found, lines, strict=True)]
    assert all(top >= 0 and bottom <= HEIGHT for _, top, _, bottom in boxes)
    dots = [(x, y, x, y) for x, y in points]
    for index, own in enumerate(boxes):
        taken = [*dots, *boxes[:index]]
        if not all(apart(own, other) for other in taken):
            # Then no place is free.
            others = [
                box(Label(start, above), lines[index])
                for start in range(len(STARTS))
                for above in (True, False)
            ]
            within = [each for each in others if each[1] >= 0 and each[3] <= HEIGHT]
            assert not any(all(apart(each, other) for other in taken) for each in within)


def test_a_label_begins_at_the_left_where_that_is_free() -> None:
    assert labels([(240, 40)], [40], STARTS, SIZE, HEIGHT) == [Label(0, above=True)]
    # A point above the line: the label stands below it.
    assert labels([(10, 30)], [40], STARTS, SIZE, HEIGHT) == [Label(0, above=False)]
    assert labels([(10, 30), (10, 50)], [40], STARTS, SIZE, HEIGHT) == [Label(1, above=True)]


def test_two_labels_stand_apart() -> None:
    lines = [40.0, 46.0]
    found = labels([], lines, STARTS, SIZE, HEIGHT)
    boxes = [box(*each) for each in zip(found, lines, strict=True)]
    assert all(apart(one, other) for one, other in combinations(boxes, 2))


def test_of_two_labels_the_lower_lines_is_the_lower() -> None:
    # Free of the points the one would stand above its line and the other below it.
    lines = [55.0, 44.0]
    found = labels([(19, 66)], lines, STARTS, SIZE, HEIGHT)
    tops = [box(*each)[1] for each in zip(found, lines, strict=True)]
    assert tops[0] > tops[1]


def test_a_chart_too_low_for_its_labels_is_refused() -> None:
    with pytest.raises(ValueError, match="no room"):
        labels([], [10], STARTS, SIZE, 20)
