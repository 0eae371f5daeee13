"""How good the time estimate of a sweep is: `make bench-sweeps`.

Trains some sweeps as the page does, the first with a worker that is still starting, and prints for
each how long it took and how long it was said to take: before it began, a second after it was
asked for, and a second after its first epoch. The issue is the ratio: within a factor of two.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from fmviz.engine.engine import Engine
from fmviz.engine.pace import Clock, Speed, progress
from fmviz.lessons.catalogue import LESSONS
from fmviz.run import knobs
from fmviz.run.config import RunConfig
from fmviz.run.store import RunStore

SWEEPS: dict[str, dict[str, Any]] = {
    "λ, worker starting": {"values": "0,1,10,30,100", "seeds": 2},
    "λ, warm": {"values": "0,1,10,30,100", "seeds": 2, "seed": 7},
    "n from 100 to 10,000": {"knob": "train_size", "lam": 0.0, "epochs": 20, "seeds": 2},
    "width from 8 to 512": {"knob": "width", "lam": 0.0, "epochs": 10, "seeds": 2},
    "batch from 16 to 1,024": {"knob": "batch_size", "lam": 0.0, "epochs": 5, "seeds": 2},
    "σ × depth": {
        "knob": "init_std",
        "values": "0.01,0.1,0.3",
        "knob2": "depth",
        "values2": "1,2,3",
        "hidden": (64,),
        "lam": 0.0,
        "seeds": 1,
        "epochs": 10,
        "train_size": 2_000,
    },
    "η × optimizer": {
        "knob": "learning_rate",
        "values": "0.001,0.01,0.1",
        "knob2": "optimizer",
        "seeds": 1,
        "lam": 0.0,
        "epochs": 10,
    },
    "one long run of 10,000": {
        "values": "1",
        "seeds": 1,
        "train_size": 10_000,
        "epochs": 12,
        "hidden": (256, 128),
    },
    "η × optimizer, compiled before": {
        "knob": "learning_rate",
        "values": "0.001,0.01,0.1",
        "knob2": "optimizer",
        "seeds": 1,
        "lam": 0.0,
        "epochs": 30,
        "seed": 3,
    },
}


class Timed(NamedTuple):
    """Seconds that a sweep took, and its foreseen total at three moments."""

    took: float
    before: float
    asked: float
    trained: float


def timed(engine: Engine, configs: list[RunConfig], speed: Speed) -> tuple[Timed, Speed]:
    """Train a sweep as `fmviz.ui.panels.sweep` does, and compare."""
    clock = Clock(configs, speed, ready_in=engine.ready_in())
    before = clock.left(0.0)
    begun = time.monotonic()
    first: float | None = None
    asked = trained = float("nan")
    with engine.watch(configs, brief=True) as watch:
        for update in watch:
            if update.state == "failed":
                raise RuntimeError(update.message)
            now = time.monotonic() - begun
            heard = progress(update.records)
            clock.hear(now, heard, update.timings, update.phase)
            if update.state != "done" and update.phase is None:
                clock.wait(now, engine.ready_in())
            if first is None and any(epochs for epochs, _ in heard.values()):
                first = now
            total = now + clock.left(now)
            if asked != asked and now >= 1:
                asked = total
            if trained != trained and first is not None and now >= first + 1:
                trained = total
    return Timed(time.monotonic() - begun, before, asked, trained), speed.after(clock)


def runs(changes: Mapping[str, Any]) -> list[RunConfig]:
    """The runs of a sweep that differs so from the page's start."""
    cells = knobs.cells(LESSONS["sweep"].start | dict(changes))
    return list(dict.fromkeys(config for cell in cells for config in cell.configs))


def main() -> None:
    speed = Speed()
    with tempfile.TemporaryDirectory() as folder:
        # Nothing of it is known: what ships is no part of this store.
        engine = Engine(RunStore(Path(folder), recorded=None))
        print(f"load before: {os.getloadavg()[0]:.1f}")
        print("estimated total ÷ actual: before it began, 1 s after, 1 s after its first epoch")
        try:
            engine.start()
            for name, changes in SWEEPS.items():
                configs = runs(changes)
                found, speed = timed(engine, configs, speed)
                ratios = (found.before, found.asked, found.trained)
                print(
                    f"{name:32} {len(configs):3} runs {found.took:6.1f} s  ",
                    *(f"{estimate / found.took:5.2f}" for estimate in ratios),
                    f"  load {os.getloadavg()[0]:.1f}",
                    flush=True,
                )
        finally:
            engine.close()


if __name__ == "__main__":
    main()
