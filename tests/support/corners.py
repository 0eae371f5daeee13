"""Random corners of the app: valid addresses of every page, and runs as odd as runs can be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from fmviz.analysis.comparing import labels
from fmviz.engine.watch import Update
from fmviz.lessons.catalogue import LESSONS
from fmviz.page import address
from fmviz.page.address import choices
from fmviz.page.state import parse
from fmviz.page.view import MAX_PATIENCE, OF_TEACHER
from fmviz.run import data
from fmviz.run.choices import CHOICES, DATASETS, N_CLASSES
from fmviz.run.config import RunConfig, bounds
from fmviz.run.record import HISTORY, Divergence, RunRecord
from fmviz.run.settings import SETTINGS, written
from tests.support.records import synthetic

# How a made-up run goes: by chance; without a fault; without a hit; the same after every epoch;
# the same as every other run; up to a divergence in its first or in a later epoch.
Kind = Literal["chance", "right", "wrong", "still", "alike", "lost at once", "lost"]
KINDS: tuple[Kind, ...] = get_args(Kind)
# Runs as small as corners are: records of long ones would be all that a search waits for.
SMALL = {
    "train_size": ("10", "20", "50", "300", "2000"),
    "epochs": ("1", "2", "3", "5"),
    "hidden": ("none", "1", "2-1", "4", "3-2-2", "128"),
    "batch_size": ("8", "10", "128", "1024"),
    "branch_epoch": ("0", "1", "2", "4"),
    "branch": (
        "none",
        "penalty-l2~lam-20",
        "penalty-none",
        "dropout-0.5~learning_rate-0.1",
        "optimizer-sgd",
        "schedule-plateau~batch_size-8",
    ),
}


def setting_texts(field: str) -> st.SearchStrategy[str]:
    """Texts that a link may have for a setting of a run: the bounds and what lies between."""
    if field in SMALL:
        return st.sampled_from(SMALL[field])
    if field == "dataset":
        return st.just("compact")
    if field in CHOICES:
        return st.sampled_from(list(CHOICES[field]))
    low, high = bounds(field)
    row = SETTINGS[field]
    offered = [*row.slider, *row.swept, high, low]
    fitting = [written(field, v) for v in offered if low <= v <= high and valid(field, v)]
    return st.sampled_from(fitting or ["0", "7"])


def valid(field: str, value: Any) -> bool:
    """Whether a run can have a value: bounds may be excluded."""
    try:
        RunConfig(**{field: value})
    except ValueError:
        return False
    return True


def view_texts(lesson: str, field: str) -> st.SearchStrategy[str]:
    """Texts that a link may have for a field of a page's view."""
    view = LESSONS[lesson].view
    offered = choices(view, field)
    if offered:
        found = [address.write(choice) for choice in offered]
        if isinstance(getattr(LESSONS[lesson].start.view, field), tuple):
            return st.lists(st.sampled_from(found), min_size=1, max_size=4, unique=True).map(
                ",".join
            )
        return st.sampled_from(found)
    tried = ["true", "false", "off", "none", "0", "1", "2", "3", "0.01", "10", str(MAX_PATIENCE)]
    fitting = [text for text in tried if readable(lesson, field, text)]
    return st.sampled_from(fitting) if fitting else st.nothing()


def readable(lesson: str, field: str, text: str) -> bool:
    """Whether a page takes a parameter."""
    return not parse({field: text}, LESSONS[lesson].start).problems


@st.composite
def addresses(draw: st.DrawFn, lesson: str) -> dict[str, str]:
    """A valid address of a page, some fields away from its opening state, of small runs."""
    start = LESSONS[lesson].start
    fields = [name for name in start if name not in OF_TEACHER]
    chosen = draw(st.lists(st.sampled_from(fields), max_size=7, unique=True))
    small = [name for name in ("train_size", "epochs") if name in start.settings]
    query: dict[str, str] = {}
    for field in {*chosen, *small}:
        texts = setting_texts(field) if field in start.settings else view_texts(lesson, field)
        if not texts.is_empty:
            query[field] = draw(texts)
    # What goes wrong together is left out, as a reader would take it out.
    return query if not LESSONS[lesson].parse(query).problems else {f: query[f] for f in small}


def made_up(config: RunConfig, kind: Kind, seed: int) -> RunRecord:
    """A record whose figures and answers agree with each other.

    Args:
        kind: how the run goes.
    """
    rng = np.random.default_rng(0 if kind == "alike" else seed)
    first = kind == "lost at once" or (kind == "lost" and config.epochs == 1)
    epochs = 0 if first else config.epochs - (kind == "lost")
    diverged = Divergence(epochs + 1, 0, 0, "loss") if first or kind == "lost" else None
    answers = {split: given(config, split, kind, epochs, rng) for split in ("train", "val", "test")}
    right = {split: rows == labels(config, split) for split, rows in answers.items()}
    told = labels(config, "train")
    wrong = told != data.load(config.dataset).train.labels[: len(told)]
    curves = {f"{split}_accuracy": rows.mean(axis=1) for split, rows in right.items()}
    curves["corrupted_accuracy"] = mean(right["train"][:, wrong])
    curves["clean_accuracy"] = mean(right["train"][:, ~wrong])
    # Of single images, so that a fixed value is one.
    still = kind in ("right", "wrong", "still")
    for name in HISTORY.keys() - curves.keys():
        curves[name] = np.full(epochs + 1, 0.5) if still else rng.random(epochs + 1)
    curves["learning_rate"] = np.full(epochs + 1, config.learning_rate)
    record = synthetic(
        config,
        epochs=epochs,
        seed=seed,
        diverged=diverged,
        examples={
            "train": len(told),
            "corrupted": int(wrong.sum()),
            "validation": right["val"].shape[1],
            "test": right["test"].shape[1],
        },
        **{name: values[1:] for name, values in curves.items()},
    )
    begun = {name: float(values[0]) for name, values in curves.items()}
    return replace(
        record,
        start=begun | {"running_accuracy": float("nan"), "running_crossentropy": float("nan")},
        train_predictions=answers["train"],
        val_predictions=answers["val"],
        test_predictions=answers["test"],
        made={**record.made, "tensorflow": "2", "machine": "test"},
    )


def given(
    config: RunConfig, split: str, kind: Kind, epochs: int, rng: np.random.Generator
) -> npt.NDArray[np.uint8]:
    """What a made-up run answers after every epoch, (epochs + 1, images)."""
    truth = labels(config, split)
    sample = DATASETS[config.dataset].train_sample
    truth = truth[:sample] if split == "train" else truth
    shares = rng.random(epochs + 1)
    if kind in ("right", "wrong"):
        shares[:] = float(kind == "right")
    elif kind == "still":
        shares[:] = shares[0]
    # The first images, so that many pairs of runs differ in a few of them alone.
    wrong = np.arange(len(truth)) >= np.round(shares * len(truth))[:, None]
    return ((truth + wrong) % N_CLASSES).astype(np.uint8)


def mean(rows: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """The share after every epoch; not a number of no images."""
    return rows.mean(axis=1) if rows.shape[1] else np.full(len(rows), np.nan)


def answered(kinds: Sequence[Kind], configs: Sequence[RunConfig]) -> Update:
    """Runs that have ended, of these kinds in turn."""
    records = tuple(
        made_up(config, kinds[index % len(kinds)], seed=index)
        for index, config in enumerate(configs)
    )
    return Update("done", records, ("store",) * len(configs), "", 0.0)
