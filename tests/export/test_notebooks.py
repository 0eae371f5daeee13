"""Notebooks of runs: sound and short, and their cells draw what the run draws."""

from __future__ import annotations

import re
from typing import Any

import nbformat
import numpy as np
import pytest
from nbformat import NotebookNode

from fmviz.export import notebooks
from fmviz.export.notebooks.context import FLAT_CODE
from fmviz.page.view import Judging
from fmviz.run import data
from fmviz.run.choices import (
    ACTIVATIONS,
    DATASETS,
    INITIALIZERS,
    OPTIMIZERS,
    PENALTIES,
    SCHEDULES,
)
from fmviz.run.config import RunConfig
from fmviz.run.measure import flat
from fmviz.run.record import Divergence
from fmviz.theory.initializers import initial_weights
from tests.support.needs import require
from tests.support.records import synthetic, tiny

KINDS = {"keras": notebooks.keras_notebook, "torch": notebooks.torch_notebook}


def cover() -> list[RunConfig]:
    """Every two choices of different tables, together in some run."""
    names = [list(t) for t in (PENALTIES, OPTIMIZERS, SCHEDULES, INITIALIZERS, ACTIVATIONS)]
    fields = ("penalty", "optimizer", "schedule", "initializer", "activation")
    found = []
    rng = np.random.default_rng(0)
    missing = {
        (a, x, b, y) for a in range(5) for b in range(a + 1, 5) for x in names[a] for y in names[b]
    }

    def pairs(row: tuple[str, ...]) -> set[tuple[int, str, int, str]]:
        return {(a, row[a], b, row[b]) for a in range(5) for b in range(a + 1, 5)}

    while missing:
        a, x, b, y = min(missing)
        rows = [tuple(str(rng.choice(each)) for each in names) for _ in range(20)]
        rows = [
            tuple(x if i == a else y if i == b else v for i, v in enumerate(row)) for row in rows
        ]
        best = max(rows, key=lambda row: len(pairs(row) & missing))
        missing -= pairs(best)
        found.append(tiny(**dict(zip(fields, best, strict=True)), lam=3.0))
    return found


VIEWS = (
    Judging(),
    Judging(test=True, patience=2),
    Judging(patience=1, monitor="val_accuracy", min_delta=0.01, restore=False),
    Judging(patience=3, monitor="val_crossentropy", baseline=1.5, start_from=1, mode="min"),
)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_every_two_options_make_a_sound_notebook(kind: str) -> None:
    for number, config in enumerate(cover()):
        view = VIEWS[number % len(VIEWS)]
        changes: dict[str, Any] = [{}, {"dropout": 0.2}, {"hidden": ()}, {"label_noise": 0.1}][
            number // len(VIEWS) % 4
        ]
        book = KINDS[kind](synthetic(config.replace(**changes)), view)
        assert nbformat.reads(notebooks.as_bytes(book).decode(), 4) == book
        for cell in book.cells:
            assert "{{" not in cell.source
            assert "None" not in cell.source.replace("logs=None", "")
            lines = cell.source.splitlines()
            if cell.cell_type == "code":
                compile(cell.source, "cell", "exec")
                assert len(lines) <= 25
                assert max(map(len, lines)) <= 110


@pytest.mark.parametrize("kind", KINDS)
def test_test_figures_are_there_only_where_they_are_shown(kind: str) -> None:
    record = synthetic(tiny(), test_accuracy=0.4321)
    for test in (False, True):
        written = notebooks.as_bytes(KINDS[kind](record, Judging(test=test))).decode()
        assert ("0.4321" in written) == test
        assert ("x_test" in written) == test


@pytest.mark.parametrize("kind", KINDS)
def test_a_diverged_run_is_said_to_be_one(kind: str) -> None:
    record = synthetic(tiny(), epochs=2, diverged=Divergence(3, 1, 0, "loss"))
    book = KINDS[kind](record, Judging())
    assert "diverged** in epoch 3" in book.cells[0].source
    assert any("EPOCHS = 2\n" in cell.source for cell in book.cells)
    gone = synthetic(tiny(), epochs=0, diverged=Divergence(1, 1, 0, "loss"))
    with pytest.raises(ValueError, match="without a finished epoch"):
        KINDS[kind](gone, Judging())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_a_branch_that_early_stopping_leaves_out_is_said_to_be(kind: str, at: int) -> None:
    config = tiny(epochs=5, branch={"penalty": "l2", "lam": 20.0}, branch_epoch=at)
    record = synthetic(config, val_loss=[0.5, 0.6, 0.7, 0.8, 0.9])
    for patience, stopped in ((1, 2), (2, 3), (9, None)):
        book = KINDS[kind](record, Judging(patience=patience))
        unreached = stopped is not None and stopped <= at
        title = " ".join(book.cells[0].source.split())
        ends = f"ends this run after epoch {stopped}, before its branch after epoch {at}"
        assert (ends in title) == unreached
        text = "\n".join(cell.source for cell in book.cells)
        assert ("## The branch" in text) == (not unreached)
        assert (f"EPOCHS = {at}\n" in text) == unreached


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_every_count_reads_right(kind: str, count: int) -> None:
    """Epochs of patience, hidden layers, finished epochs before a run diverged."""
    config = tiny(hidden=(4,) * count, dropout=0.2 if count else 0.0)
    ended = max(count, 1)
    gone = synthetic(config, epochs=ended, diverged=Divergence(ended + 1, 1, 0, "activation"))
    prose = ""
    for record in (synthetic(config), gone):
        book = KINDS[kind](record, Judging(patience=count))
        prose += "\n".join(cell.source for cell in book.cells if cell.cell_type == "markdown")
    assert not re.search(r"\b[01] (epochs|layers|steps)\b", prose)
    assert ("hidden layers" in prose) == (count > 1)
    assert ("hidden layer," in prose) == (count == 1)
    assert ("No hidden layer" in prose) == (count == 0)
    assert f"trains the {f'{count} epochs' if count > 1 else 'one epoch'} before" in prose
    assert ": an activation was" in prose
    if kind == "torch":
        first = "ends with the first epoch that is no better"
        assert (first if count < 2 else f"ends after {count} epochs in a row") in prose


def run_cells(book: NotebookNode, first: str, last: str, **names: Any) -> dict[str, Any]:
    """What the cells of code from one to another leave behind, each given by its first words."""
    sources = [cell.source for cell in book.cells if cell.cell_type == "code"]
    starts = [
        next(i for i, source in enumerate(sources) if source.startswith(words))
        for words in (first, last)
    ]
    namespace = {"np": np, **names}
    for source in sources[starts[0] : starts[1] + 1]:
        exec(source, namespace)
    return namespace


def rows(images: Any) -> list[bytes]:
    """Images in an order that depends on nothing but them."""
    return sorted(row.tobytes() for row in np.ascontiguousarray(images))


@pytest.mark.slow
@pytest.mark.parametrize("dataset", DATASETS)
def test_images_and_labels_are_those_of_the_run(dataset: str) -> None:
    require(data.DEBIAN_FOLDER.exists(), "install Debian's dataset-fashion-mnist")
    config = tiny(dataset=dataset, train_size=3_000, label_noise=0.3, seed=5)
    book = notebooks.keras_notebook(synthetic(config), Judging(test=True))
    images, labels = data.read_pair(data.DEBIAN_FOLDER, "train")
    test_images, test_labels = data.read_pair(data.DEBIAN_FOLDER, "test")
    found = run_cells(
        book,
        "def balanced_order",
        "rng = np.random.default_rng([SEED",
        N=config.train_size,
        SEED=config.seed,
        images=images,
        labels=labels,
        test_images=test_images,
        test_labels=test_labels,
    )
    whole = data.load(dataset)
    np.testing.assert_array_equal(found["x_train"], whole.train.pixels[:3_000])
    noisy, _ = data.with_noise(whole.train.labels[:3_000], 0.3, config.seed)
    np.testing.assert_array_equal(found["y_train"], noisy)
    np.testing.assert_array_equal(found["x_val"], whole.validation.pixels)
    np.testing.assert_array_equal(found["y_val"], whole.validation.labels)
    # Of the test images the order does not matter.
    assert rows(found["x_test"]) == rows(whole.test.pixels)
    assert np.bincount(found["y_test"]).tolist() == np.bincount(whole.test.labels).tolist()


@pytest.mark.parametrize("initializer", INITIALIZERS)
def test_initial_weights_are_those_of_the_run(initializer: str) -> None:
    config = tiny(initializer=initializer, hidden=(40, 60), seed=3)
    book = notebooks.torch_notebook(synthetic(config), Judging())
    found = run_cells(book, "SIZES", "SIZES", SEED=config.seed)["weights"]
    for own, app in zip(found, initial_weights(config), strict=True):
        assert own.dtype == app.dtype
        np.testing.assert_allclose(own, app, rtol=1e-6)


def test_batches_are_those_of_the_run() -> None:
    config = tiny(batch_size=30)
    book = notebooks.keras_notebook(synthetic(config), Judging())
    images = np.arange(config.train_size)
    names = {"N": config.train_size, "BATCH": 30, "EPOCHS": config.epochs}
    found = run_cells(book, "def batches", "def batches", x_train=images, y_train=images, **names)
    seen = np.concatenate([batch for batch, _ in found["batches"]()])
    orders = [data.epoch_order(config.train_size, epoch) for epoch in range(config.epochs)]
    np.testing.assert_array_equal(seen, np.concatenate(orders))


@pytest.mark.parametrize("activation", FLAT_CODE)
def test_units_are_flat_where_they_are_in_the_run(activation: str) -> None:
    z = np.linspace(-9, 9, 2_000, dtype=np.float32)
    found = eval(FLAT_CODE[activation], {"np": np, "z": z})
    np.testing.assert_array_equal(found, flat(z, activation))


def test_prose_may_be_broken_anywhere() -> None:
    book = notebooks.keras_notebook(synthetic(), Judging())
    for cell in book.cells:
        if cell.cell_type == "markdown":
            assert all(not line or line.strip() == line for line in cell.source.split("\n"))
            assert "\n\n\n" not in cell.source
            assert "  " not in cell.source
