"""The lottery ticket: what counts as winning, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fmviz.lessons.catalogue import LESSONS
from fmviz.lessons.regularisation import tickets, tickets_charts, tickets_says
from fmviz.lessons.regularisation.tickets import SHARES, Lottery, Share
from fmviz.run import data
from fmviz.run.config import RunConfig
from fmviz.run.record import RunRecord
from fmviz.theory.tickets import masks
from fmviz.ui import live
from fmviz.words.prose import Caption
from tests.support.charts import fields
from tests.support.lessons import made_up, opened, texts
from tests.support.records import SHIPPED, shipped, synthetic, tiny
from tests.support.scripted import ScriptedEngine

LESSON = LESSONS["regularisation"]
IMAGES = 2_500


def lottery(
    largest: Sequence[float], random: Sequence[float], whole: float = 0.8, seed: int = 0
) -> Lottery:
    """Accuracies of five seeds about these, a share each."""
    rng = np.random.default_rng(seed)

    def seeds(mean: float) -> tickets.Floats:
        noise = rng.normal(0, 0.003, 5)
        return np.asarray(mean + noise - noise.mean())

    shares = [
        Share(kept, seeds(ticket), seeds(control))
        for kept, ticket, control in zip(SHARES, largest, random)
    ]
    return Lottery(seeds(whole), shares, IMAGES)


WINNING = lottery((0.6, 0.7, 0.8, 0.8, 0.8), (0.5, 0.6, 0.7, 0.75, 0.8))
BETTER = lottery((0.7, 0.75, 0.83, 0.84, 0.82), (0.6, 0.7, 0.7, 0.75, 0.8))
LOSING = lottery((0.5, 0.6, 0.65, 0.7, 0.75), (0.5, 0.6, 0.65, 0.7, 0.75))
WORSE = lottery((0.5, 0.6, 0.65, 0.7, 0.8), (0.7, 0.75, 0.8, 0.8, 0.8))


def said(found: Lottery | None) -> Callable[[], list[Caption]]:
    return lambda: tickets_says.told(found, 20)


# What leads with a verdict, and what does not.
SAID: dict[str, Callable[[], list[Caption]]] = {
    "tickets win": said(WINNING),
    "tickets win more": said(BETTER),
    "tickets all lose": said(LOSING),
    "tickets better": said(WINNING),
    "tickets no better": said(LOSING),
    "tickets worse": said(WORSE),
    "tickets too few": said(None),
}
OTHERS: dict[str, Callable[[], list[Caption]]] = {
    "tickets intro": lambda: [tickets_says.intro(RunConfig())],
    "about tickets": lambda: [tickets_says.about(RunConfig(), pruned=True)],
    "about tickets, without weights": lambda: [tickets_says.about(RunConfig(), pruned=False)],
}


def test_each_seed_has_its_whole_network_its_tickets_and_as_many_controls() -> None:
    runs = tickets.runs(tiny(seed=7))
    assert len(runs) == len(set(runs)) == 5 * (1 + 2 * len(SHARES))
    assert {run.seed for run in runs} == set(range(7, 12))
    for run in runs:
        assert run.parent == tiny(seed=run.seed)
    # A page that shows a ticket asks for those of its parent.
    assert tickets.runs(tiny(ticket="random", kept=0.5)) == tickets.runs(tiny())


def test_the_smallest_winning_ticket_is_as_good_as_all_and_so_are_those_above() -> None:
    winning = WINNING.winning
    assert winning is not None
    assert winning.kept == 0.1
    assert [share.kept for share in WINNING.leading] == [0.02, 0.05, 0.1, 0.2]
    assert LOSING.winning is None
    assert LOSING.leading == []
    # One that does well below others that do not is luck.
    odd = lottery((0.8, 0.6, 0.8, 0.8, 0.8), (0.5,) * 5).winning
    assert odd is not None
    assert odd.kept == 0.1


@given(
    st.lists(st.sampled_from([0.5, 0.7, 0.8, 0.9]), min_size=5, max_size=5),
    st.lists(st.sampled_from([0.5, 0.7, 0.8]), min_size=5, max_size=5),
    st.integers(0, 3),
)
@settings(max_examples=60, deadline=None)
def test_whatever_the_tickets_do_what_is_said_is_so(
    largest: list[float], random: list[float], seed: int
) -> None:
    found = lottery(largest, random, seed=seed)
    captions = {caption.section: caption for caption in tickets_says.told(found, 20)}
    losing = [kept for kept, mean in zip(SHARES, largest) if mean < 0.75]
    winning = [kept for kept in SHARES if not losing or kept > max(losing)]
    if not winning:
        assert "tickets all lose" in captions
    else:
        more = largest[SHARES.index(min(winning))] > 0.85
        first = captions["tickets win more" if more else "tickets win"]
        assert first.figures["kept"] == f"{100 * min(winning):.0f}%"
    ahead = [a > b for a, b in zip(largest, random)]
    behind = [a < b for a, b in zip(largest, random)]
    assert ("tickets better" in captions) == any(ahead)
    assert ("tickets worse" in captions) == any(behind)
    assert ("tickets no better" in captions) == (not any(ahead) and not any(behind))
    at = SHARES.index(tickets.GUESSED)
    option = 2 if not ahead[at] else 0 if largest[at] > 0.75 else 1
    assert tickets.answer(found) == option


def ended(config: RunConfig, **changes: Any) -> list[RunRecord]:
    return [synthetic(run, val_accuracy=0.5, **changes) for run in tickets.runs(config)]


def test_a_share_is_drawn_when_all_of_its_seeds_have_ended() -> None:
    records = ended(tiny())
    some = [r for r in records if r.config.kept != 0.2 or r.config.seed < 4]
    found = tickets.lottery(some)
    assert found is not None
    assert [share.kept for share in found.shares] == [0.02, 0.05, 0.1, 0.5]
    assert tickets.lottery([r for r in records if r.config.ticket != "none"]) is None
    assert tickets.lottery([]) is None
    rows = tickets_charts.tickets_rows(found, {})
    spec = tickets_charts.tickets_spec(tickets_charts.floor(found), pruned=False, dark=False)
    assert fields(spec) <= set(rows.table.column_names)
    # The legend names nothing that is not there.
    assert tickets_says.PRUNED not in str(spec)
    drawn = [(row["run"], row["kept"]) for row in rows.values if row["kind"] == "ticket"]
    assert len(drawn) == len(set(drawn)) == 2 * 4


@pytest.mark.slow
def test_pruned_networks_have_the_weights_of_their_tickets() -> None:
    record = shipped(SHIPPED[0])
    images = data.load("compact").validation[:500]
    found = tickets.pruned(record, images)
    ticket = record.config.replace(ticket="magnitude", kept=0.05)
    first, last = (
        kernel * mask
        for kernel, mask in zip(record.kernels, masks(ticket, record.weights), strict=True)
    )
    hidden = np.tanh(images.grey / 255 @ first + record.weights[1])
    answers = (hidden @ last + record.weights[3]).argmax(axis=1)
    assert found[0.05].value == pytest.approx(np.mean(answers == images.labels))


@pytest.mark.slow
def test_the_guess_comes_before_the_tickets(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = ScriptedEngine(lambda configs: [made_up(configs, val_accuracy=0.7)])
    monkeypatch.setattr(live, "engine", lambda: engine)
    at = opened("regularisation", guesses=True)
    at.button(key="regularisation/guess none").click().run()
    at.button(key="regularisation/preset ticket").click().run()
    assert not at.exception
    (preset,) = (preset for preset in LESSON.presets if preset.name == "ticket")
    many = tuple(tickets.runs(LESSON.state_of(preset).config))
    assert many not in engine.asked
    at.button(key="regularisation/ticket 2").click().run()
    assert not at.exception
    assert many in engine.asked
    assert "no ticket that is better than random" in texts(at)
    assert "Your guess was right" in texts(at)
