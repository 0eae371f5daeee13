"""Notebooks of runs: sound, short, and executed, with figures that agree with the run's."""

from __future__ import annotations

import importlib.util
import json
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode, v4

from fmviz.analysis.stopping import look
from fmviz.export import notebooks
from fmviz.export.notebooks import common
from fmviz.page.view import Judging
from fmviz.run import data
from fmviz.run.choices import ACTIVATIONS, INITIALIZERS, OPTIMIZERS, PENALTIES, SCHEDULES
from fmviz.run.config import RunConfig
from fmviz.run.record import Divergence, RunRecord
from scripts import make_compact
from tests.support.needs import require
from tests.support.records import SHIPPED, shipped, synthetic, tiny
from tests.support.trained import train

pytestmark = pytest.mark.filterwarnings(
    # Of nbclient's and jupyter_client's own event loops and sockets.
    "ignore:.*:DeprecationWarning:(zmq|jupyter_client|jupyter_core|nbclient|tornado|asyncio)",
    "ignore:unclosed:ResourceWarning",
)

KINDS = {"keras": notebooks.keras_notebook, "torch": notebooks.torch_notebook}
HELD = ("train_accuracy", "val_accuracy", "val_crossentropy", "val_loss")
# Rates at which each optimizer moves and does not leap about.
RATES = {
    **{"sgd": 0.1, "momentum": 0.02, "nesterov": 0.02, "adagrad": 0.02, "rmsprop": 0.001},
    **{"adam": 0.002, "adamw": 0.002, "nadam": 0.002, "lion": 0.0003},
}


def every_option() -> list[RunConfig]:
    """Runs that hold every choice of every table between them."""
    names = [list(table) for table in (INITIALIZERS, ACTIVATIONS, SCHEDULES, PENALTIES)]
    rules = [name for name in OPTIMIZERS if name != "adamw"]
    found = []
    for i in range(len(INITIALIZERS)):
        initializer, activation, schedule, penalty = (
            kind[(i * step) % len(kind)] for kind, step in zip(names, (1, 1, 1, 1), strict=True)
        )
        optimizer = rules[i % len(rules)]
        found.append(
            RunConfig(
                **{"train_size": 300, "batch_size": 64, "epochs": 3, "hidden": (16,), "lam": 2.0},
                **{"initializer": initializer, "activation": activation, "schedule": schedule},
                **{"penalty": penalty, "optimizer": optimizer, "learning_rate": RATES[optimizer]},
                **{"final_rate": 0.2, "l1_share": 0.25, "plateau_patience": 1},
                label_noise=0.2 if i % 3 == 1 else 0.0,
            )
        )
    small = {"train_size": 300, "batch_size": 64, "epochs": 3, "hidden": (16,), "seed": 1}
    found.append(RunConfig(**small, penalty="weight_decay", lam=5.0))
    found.append(RunConfig(**{**small, "hidden": ()}, penalty="l2", lam=5.0))
    found.append(RunConfig(**{**small, "hidden": (16, 8)}, dropout=0.3, penalty="l2", lam=2.0))
    return found


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


def test_the_compact_part_is_drawn_as_it_was() -> None:
    assert common.COMPACT_SEED == make_compact.SEED


# Execution


def executed(
    kind: str, folder: Path, runs: list[tuple[RunRecord, Judging]], monkeypatch: pytest.MonkeyPatch
) -> list[dict[str, Any]]:
    """The notebooks' own figures, all executed in one kernel one after the other."""
    require(data.DEBIAN_FOLDER.exists(), "install Debian's dataset-fashion-mnist")
    for place in (folder / "keras/datasets/fashion-mnist", folder / "fashion-mnist"):
        place.mkdir(parents=True)
        for file in data.DEBIAN_FOLDER.iterdir():
            (place / file.name).symlink_to(file)
    monkeypatch.setenv("KERAS_HOME", str(folder / "keras"))
    monkeypatch.setenv("IPYTHONDIR", str(folder / "ipython"))
    tell = (
        "import json\n"
        "print('FIGURES' + json.dumps({'history': history, 'own': own, 'app': app}, "
        "default=float))"
    )
    cells: list[NotebookNode] = []
    for record, view in runs:
        cells += [*KINDS[kind](record, view).cells, v4.new_code_cell(tell)]
    for number, cell in enumerate(cells):
        cell["id"] = str(number)
    book = v4.new_notebook(cells=cells)
    client = NotebookClient(
        book, timeout=200, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    client.execute()
    said = [
        output["text"]
        for cell in book.cells
        for output in cell.get("outputs", [])
        if output.get("name") == "stdout"
    ]
    lines = [line for text in said for line in text.splitlines() if line.startswith("FIGURES")]
    assert len(lines) == len(runs)
    return [json.loads(line.removeprefix("FIGURES")) for line in lines]


@cache
def records() -> tuple[RunRecord, ...]:
    return tuple(train(every_option()))


def runs() -> list[tuple[RunRecord, Judging]]:
    """The opening run that ships with the lesson, then every option."""
    views = [VIEWS[1], *(VIEWS[i % 4] for i in range(len(records())))]
    return list(zip([shipped(SHIPPED[-1]), *records()], views, strict=True))


def apart(record: RunRecord, view: Judging, found: dict[str, Any]) -> dict[str, float]:
    """The largest difference of each curve, and of the figures at the end."""
    run = look(record, "run", **view.early_stopping)
    stopped = None if run.stop is None else run.stop.stopped_epoch
    count = record.epochs if stopped is None else stopped + 1
    curves = {}
    for name in HELD:
        own, app = np.array(found["history"][name]), record.history[name][:count]
        assert len(own) == len(app), (name, record.config)
        curves[name] = float(np.abs(own - app).max())
    figures = [abs(found["own"][name] - value) for name, value in found["app"].items()]
    return {**curves, "figures": max(figures)}


def within(record: RunRecord, kind: str) -> dict[str, float]:
    """What rounding may come to; with other dropout masks, what chance may."""
    config = record.config
    loose = config.dropout > 0
    long = config.epochs > 3
    lion = config.optimizer == "lion" or (kind == "torch" and config.optimizer == "rmsprop")
    accuracy = 0.15 if loose else 0.03 if long or lion else 0.004
    nats = 0.3 if loose else 0.1 if long or lion else 1e-3
    return {
        **{"train_accuracy": accuracy, "val_accuracy": accuracy, "figures": max(accuracy, 0.02)},
        **{"val_crossentropy": nats, "val_loss": nats},
    }


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", KINDS)
def test_executed_notebooks_agree(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind == "torch":
        there = importlib.util.find_spec("torch")
        require(there, "PyTorch notebooks need it: pip install torch==2.13.0")
    for (record, view), found in zip(
        runs(), executed(kind, tmp_path, runs(), monkeypatch), strict=True
    ):
        assert set(found["app"]) == set(found["own"])
        differences, limits = apart(record, view, found), within(record, kind)
        print(kind, record.config, differences)
        for name, difference in differences.items():
            assert difference <= limits[name], (name, differences, record.config)


def test_the_runs_hold_every_option() -> None:
    for field, table in (
        *(("penalty", PENALTIES), ("optimizer", OPTIMIZERS), ("schedule", SCHEDULES)),
        *(("initializer", INITIALIZERS), ("activation", ACTIVATIONS)),
    ):
        assert {config[field] for config in every_option()} == set(table)
