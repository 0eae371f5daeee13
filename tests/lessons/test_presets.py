"""Every step of every story can be reached by the controls in sight: its values are theirs."""

from __future__ import annotations

from typing import Any

import pytest

from fmviz.lessons.catalogue import LESSONS
from fmviz.lessons.optimizers.panels import CURVATURES, RAVINE_RATES
from fmviz.page.lesson import Lesson, Preset
from fmviz.page.view import OF_STOPPING
from fmviz.run.choices import MAX_HIDDEN_LAYERS
from fmviz.run.measure import TOLERANCES
from fmviz.run.offered import WIDTHS, stops
from fmviz.run.settings import SETTINGS
from fmviz.ui.view_controls import MIN_DELTAS, PATIENCES

# Sliders of what only looks at a run.
LOOKS: dict[str, Any] = {
    "patience": PATIENCES,
    "min_delta": MIN_DELTAS,
    "tolerance": TOLERANCES,
    "ravine_rate": RAVINE_RATES,
    "curvature": CURVATURES,
}
STEPS = [(lesson, preset) for lesson in LESSONS.values() for preset in lesson.presets]


@pytest.mark.parametrize(
    ("lesson", "preset"), STEPS, ids=[f"{lesson.name}-{p.name}" for lesson, p in STEPS]
)
def test_every_value_of_a_preset_is_a_stop_of_its_slider(
    lesson: Lesson[Any], preset: Preset
) -> None:
    state = lesson.state_of(preset)
    for field, value in state.items():
        if field in LOOKS:
            assert value in LOOKS[field], field
        elif field in lesson.knobs and SETTINGS[field].slider:
            assert value in stops(field, state.__getitem__), field
    if "width" in lesson.knobs and state["hidden"]:
        assert set(state["hidden"]) <= set(WIDTHS)
    if "depth" in lesson.knobs:
        assert len(state["hidden"]) <= MAX_HIDDEN_LAYERS


@pytest.mark.parametrize("name", LESSONS)
def test_a_page_is_at_one_step_of_its_story(name: str) -> None:
    lesson = LESSONS[name]
    for preset in lesson.presets:
        at = lesson.state_of(preset)
        assert [each for each in lesson.presets if lesson.is_at(each, at)] == [preset]


# Other than any step has it.
ELSEWHERE = {
    "patience": 77,
    "monitor": "val_accuracy",
    "restore": False,
    "mode": "max",
    "min_delta": 0.123,
    "baseline": 0.5,
    "start_from": 9,
    "knob": "batch_size",
    "values": "3,5",
    "knob2": "activation",
    "values2": "7",
    "seeds": 4,
    "racers": ("lion",),
    "rates": "own",
}


@pytest.mark.parametrize("name", LESSONS)
def test_a_step_is_left_where_its_words_no_longer_hold(name: str) -> None:
    """Also where that is no setting of a run: when training stops, what a sweep turns, who
    races."""
    lesson = LESSONS[name]
    moved = [f for f in (*OF_STOPPING, *lesson.story) if f in lesson.start]
    assert set(lesson.story) <= set(moved)
    for preset in lesson.presets:
        at = lesson.state_of(preset)
        for field in moved:
            elsewhere = at | {field: ELSEWHERE[field]}
            if elsewhere != at:
                assert not lesson.is_at(preset, elsewhere), (preset.name, field)


def test_a_step_goes_on_while_its_reader_looks_at_it_as_it_invites_to() -> None:
    lesson = LESSONS["overfitting"]
    (widths,) = (preset for preset in lesson.presets if preset.name == "widths")
    at = lesson.state_of(widths)
    assert lesson.is_at(widths, at | {"held_out": "crossentropy"})
    assert not lesson.is_at(widths, at | {"section": "sizes"})
    assert not lesson.is_at(widths, at | {"train_size": 50})
    lesson = LESSONS["regularisation"]
    twins, *others = lesson.presets
    elsewhere = lesson.start | {"section": "geometry"}
    assert lesson.is_at(twins, elsewhere)
    assert not any(lesson.is_at(other, elsewhere) for other in others)
