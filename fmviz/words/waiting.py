"""What a page says while something waits, fails or is heavy: every phase between asking for runs
and seeing them, and what stands in their way. Each function gives plain text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from fmviz.run.config import RunConfig
from fmviz.run.naming import plural
from fmviz.words import prose
from fmviz.words.numbers import duration

# The file that these words are in.
WORDS = "waiting"
# Where runs come from, what ships first.
SOURCES = ("recorded", "store", "trained")


def _say(section: str, **figures: str) -> str:
    return " ".join(prose.text(WORDS, section, figures).split())


def starting_up() -> str:
    """There is no worker yet."""
    return _say("starting up")


def queued(ahead: int, seconds: float) -> str:
    """Others come first.

    Args:
        ahead: how many requests.
        seconds: until this one begins; 0 where that is not known.
    """
    if ahead <= 0:
        return _say("next")
    requests = f"{plural(ahead, 'request')} {'is' if ahead == 1 else 'are'}"
    if seconds <= 0:
        return _say("ahead, time unknown", requests=requests)
    return _say("ahead", requests=requests, time=duration(seconds))


def elsewhere() -> str:
    """Another server that shares the store trains the runs."""
    return _say("elsewhere")


def preparing() -> str:
    """The worker has taken the runs up."""
    return _say("preparing")


def compiling() -> str:
    """It compiles their program."""
    return _say("compiling")


def first_epoch() -> str:
    """It trains, and there is nothing to be drawn yet."""
    return _say("first epoch")


def training(epoch: int, epochs: int) -> str:
    """How far the runs are."""
    return _say("training", epoch=str(epoch), epochs=str(epochs))


def replaced(epoch: int) -> str:
    """The worker ended in the middle of the runs, which begin again with the next.

    Args:
        epoch: the one that they had reached; 0 before the first.
    """
    return _say("replaced", epoch=str(epoch)) if epoch else _say("replaced at the start")


def again(epoch: int, epochs: int, seconds: float) -> str:
    """Runs have begun again, and what is shown of them is what was known before.

    Args:
        epoch: the one that is shown.
        epochs: of the run.
        seconds: until it is reached; 0 where that is not known.
    """
    time = f" in {duration(seconds)}" if seconds > 0 else ""
    return _say("again", epoch=str(epoch), epochs=str(epochs), time=time)


def goes_on(epoch: int) -> str:
    """The worker is replaced on purpose, and the next takes up its runs where they stand.

    Args:
        epoch: where that is; 0 before the first.
    """
    return _say("goes on", epoch=str(epoch)) if epoch else _say("goes on at the start")


def silent(seconds: float) -> str:
    """The worker has neither reported nor answered for so long."""
    return _say("silent", seconds=f"{seconds:.0f}")


def stopped_answering() -> str:
    """It has for so long that another takes its place."""
    return _say("stopped answering")


def stuck() -> str:
    """It answers and trains, and gets no further."""
    return _say("stuck")


def stopped_too_often(times: int) -> str:
    """So many workers ended in the middle of the runs, which are given up."""
    return _say("stopped too often", times=plural(times, "time"))


def too_large(needed: float, there: float) -> str:
    """A network does not fit into memory; both in MB."""
    return _say("too large", needed=f"{needed:,.0f}", there=f"{there:,.0f}")


def full(waiting: int, seconds: float) -> str:
    """Too many wait already.

    Args:
        waiting: how many requests.
        seconds: until there should be room.
    """
    return _say("full", waiting=str(waiting), time=duration(seconds))


def no_scheduler() -> str:
    """The scheduler that the host names does not answer."""
    return _say("no scheduler")


def no_certificates() -> str:
    """It wants certificates that the host has not named."""
    return _say("no certificates")


def no_connection() -> str:
    """There is no connection to it, for a reason that only the log knows."""
    return _say("no connection")


def cannot_start() -> str:
    """The worker process of this machine ended at its start."""
    return _say("cannot start")


def no_worker() -> str:
    """The scheduler has no worker."""
    return _say("no worker")


def without_fmviz(ours: str) -> str:
    """Its workers cannot import fmviz, whose version is ours."""
    return _say("worker without fmviz", ours=ours)


def other_version(theirs: str, ours: str) -> str:
    """Its workers have another version of fmviz, or make records of another form."""
    return _say("worker of another version", theirs=theirs, ours=ours)


def unreadable() -> str:
    """A worker's record cannot be read."""
    return _say("unreadable")


def refused(why: str) -> str:
    """There cannot be such a run, which a sentence without its stop says."""
    return _say("refused", why=why)


def broken_off(kind: str) -> str:
    """Training raised an error of this name."""
    return _say("broken off", kind=kind)


def file(*, busy: bool) -> str:
    """How an order of a file stands: whether runs come first."""
    return _say("file busy" if busy else "file")


def long(configs: Sequence[RunConfig], seconds: float) -> str:
    """Runs that are not begun before their reader agrees.

    Args:
        configs: those that are to be trained.
        seconds: that this takes.
    """
    runs = "" if len(configs) == 1 else f"{len(configs)} runs, each with "
    return _say(
        "long",
        time=duration(seconds),
        runs=runs,
        images=f"{_spread([config.train_size for config in configs])} training images",
        epochs=_epochs([config.epochs for config in configs]),
    )


def long_weights(seconds: float) -> str:
    """Weights that are not trained before their reader agrees."""
    return _say("long weights", time=duration(seconds))


def long_test(seconds: float) -> str:
    """Test figures that are not measured before their reader agrees."""
    return _say("long test", time=duration(seconds))


def said_while_it_trains() -> str:
    """For those who hear the page: that it goes on changing."""
    return _say("said while it trains")


def said_at_the_end() -> str:
    """For them: that it has come to rest."""
    return _say("said at the end")


def said_when_it_failed(why: str) -> str:
    """For them: that nothing more comes, which a sentence says the reason of."""
    return _say("said when it failed", why=why)


def weights() -> str:
    """Why known runs are trained again: a panel wants the weights that they come without."""
    return _say("weights")


def test_images() -> str:
    """The same where somebody wants test figures, which are measured only then."""
    return _say("test images")


def trained_ahead() -> str:
    """Where runs come from that were trained before anybody asked."""
    return _say("trained ahead")


def trained_meanwhile() -> str:
    """The same of runs that were trained since the reader has come."""
    return _say("trained meanwhile")


def stored() -> str:
    """Where runs come from that somebody has asked for before."""
    return _say("stored")


def versions(made: Mapping[str, Any]) -> str:
    """When, with what and on which machine a run was trained, as its record has it."""
    return (
        f"{made['date']}, Keras {made['keras']}, TensorFlow {made['tensorflow']}, {made['machine']}"
    )


def made(sources: Sequence[str]) -> str:
    """How many of some finished runs come from where: each "recorded", "store" or "trained"."""
    counts = Counter(sources)
    parts = [f"{counts[source]} {_say(f'made {source}')}" for source in SOURCES if counts[source]]
    return f"{plural(len(sources), 'run')}: {', '.join(parts)}"


def _spread(values: Sequence[int]) -> str:
    low, high = min(values), max(values)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _epochs(values: Sequence[int]) -> str:
    low, high = min(values), max(values)
    return plural(low, "epoch") if low == high else f"{low} to {high} epochs"
