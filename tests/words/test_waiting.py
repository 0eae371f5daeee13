"""The sentences of every phase between asking for runs and seeing them."""

from __future__ import annotations

import re

import pytest

from fmviz.run.config import RunConfig
from fmviz.words import prose, waiting

CONFIG = RunConfig(train_size=5_000, epochs=30)
SAID = {
    "starting up": waiting.starting_up(),
    "ahead": waiting.queued(3, 4.2),
    "ahead, time unknown": waiting.queued(3, 0.0),
    "next": waiting.queued(0, 4.2),
    "preparing": waiting.preparing(),
    "compiling": waiting.compiling(),
    "first epoch": waiting.first_epoch(),
    "training": waiting.training(7, 30),
    "replaced": waiting.replaced(15),
    "replaced at the start": waiting.replaced(0),
    "again": waiting.again(12, 60, 4.2),
    "goes on": waiting.goes_on(12),
    "goes on at the start": waiting.goes_on(0),
    "silent": waiting.silent(8.3),
    "stopped answering": waiting.stopped_answering(),
    "stuck": waiting.stuck(),
    "stopped too often": waiting.stopped_too_often(3),
    "too large": waiting.too_large(1234.5, 690.0),
    "full": waiting.full(60, 41.0),
    "no scheduler": waiting.no_scheduler(),
    "no certificates": waiting.no_certificates(),
    "no connection": waiting.no_connection(),
    "cannot start": waiting.cannot_start(),
    "elsewhere": waiting.elsewhere(),
    "no worker": waiting.no_worker(),
    "worker without fmviz": waiting.without_fmviz("0.2.0"),
    "worker of another version": waiting.other_version("0.1.0", "0.2.0"),
    "unreadable": waiting.unreadable(),
    "refused": waiting.refused("there is no optimizer of that name"),
    "broken off": waiting.broken_off("MemoryError"),
    "file busy": waiting.file(busy=True),
    "file": waiting.file(busy=False),
    "long": waiting.long([CONFIG], 360.0),
    "long weights": waiting.long_weights(120.0),
    "long test": waiting.long_test(120.0),
    "said while it trains": waiting.said_while_it_trains(),
    "said at the end": waiting.said_at_the_end(),
    "said when it failed": waiting.said_when_it_failed("The scheduler has no worker."),
    "weights": waiting.weights(),
    "test images": waiting.test_images(),
    "trained ahead": waiting.trained_ahead(),
    "trained meanwhile": waiting.trained_meanwhile(),
    "stored": waiting.stored(),
    **{f"made {source}": waiting.made([source]) for source in waiting.SOURCES},
}
# What the status line has always said in fragments.
FRAGMENTS = {
    "training",
    "weights",
    "test images",
    "trained ahead",
    "trained meanwhile",
    "stored",
    "made recorded",
    "made store",
    "made trained",
}
FOR_A_TEACHER = {
    "no scheduler",
    "no certificates",
    "no connection",
    "cannot start",
    "no worker",
    "worker without fmviz",
    "worker of another version",
    "unreadable",
}
# Words of those who built it.
JARGON = re.compile(r"\b(dask|XLA|task|future|nanny|Killed\w+|traceback|exception)\b", re.I)


def test_every_section_is_said() -> None:
    assert set(SAID) == set(prose.sections(waiting.WORDS))


@pytest.mark.parametrize("section", SAID)
def test_a_phase_is_a_sentence_in_plain_words(section: str) -> None:
    said = SAID[section]
    assert "{{" not in said
    assert not re.search(r"[\n*`\[]", said)
    if section not in FRAGMENTS:
        assert re.match(r"[A-Z0-9]", said)
        assert said.endswith(".")
    for_all, _, for_teacher = said.partition("Teacher: ")
    assert not JARGON.search(for_all)
    assert bool(for_teacher) == (section in FOR_A_TEACHER)
    # Two lines of the row above the panels, so that nothing below it moves.
    assert len(said) <= 150


def test_the_place_in_the_queue_is_counted() -> None:
    assert waiting.queued(3, 4.2) == "3 requests are ahead of yours, about 4 s."
    assert waiting.queued(1, 0.0) == "1 request is ahead of yours."
    assert waiting.queued(0, 0.0) == "Yours is next."


def test_runs_are_counted_by_where_they_come_from() -> None:
    sources = ["trained", "recorded", "store", "recorded"]
    assert waiting.made(sources) == "4 runs: 2 recorded, 1 trained earlier, 1 trained just now"


def test_a_full_queue_says_when_to_try_again() -> None:
    assert waiting.full(60, 41.0) == ("60 other requests are waiting. Try again in about 40 s.")


def test_a_long_run_says_how_long_and_on_what() -> None:
    assert waiting.long([CONFIG], 360.0) == (
        "This takes about 6 minutes to train on this server: 5,000 training images, 30 epochs. "
        "It begins when you say so."
    )
    several = [CONFIG.replace(train_size=n, epochs=e) for n, e in ((500, 1), (5_000, 30))]
    said = waiting.long(several, 40.0)
    assert "2 runs, each with 500 to 5,000 training images, 1 to 30 epochs" in said
    assert "1 epoch." in waiting.long([CONFIG.replace(epochs=1)], 40.0)
