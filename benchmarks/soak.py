"""Many different runs in one worker, and what they leave behind: `make soak`.

Prints the worker's resident memory after every 50 runs. The runs differ in everything that a page
offers; their shapes (width, activation, optimizer) are fewer than a worker keeps compiled, or with
`--shapes` more, so that compiled programs are dropped and made anew.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from pathlib import Path

import psutil

from fmviz.engine.engine import Engine
from fmviz.run.choices import ACTIVATIONS, INITIALIZERS, PENALTIES, SCHEDULES
from fmviz.run.config import RunConfig
from fmviz.run.store import RunStore

REPORT_EVERY = 50


def runs(count: int, shapes: int, seed: int) -> list[RunConfig]:
    """So many different runs over so many shapes; the first ones meet every shape."""
    rng = random.Random(seed)
    networks = [
        {"hidden": (width,), "activation": activation, "optimizer": optimizer}
        for width in (32, 64, 128)
        for activation in list(ACTIVATIONS)[:4]
        for optimizer in ("adam", "sgd", "momentum", "rmsprop", "lion")
    ][:shapes]
    return [
        RunConfig.model_validate(
            {
                **networks[index % len(networks)],
                "train_size": rng.choice([300, 500, 1_000]),
                "epochs": rng.randint(2, 4),
                "penalty": rng.choice([p for p in PENALTIES if p not in ("none", "l1_proximal")]),
                "lam": round(rng.uniform(0.1, 20), 3),
                "initializer": rng.choice(list(INITIALIZERS)),
                "schedule": rng.choice(list(SCHEDULES)),
                "label_noise": round(rng.random() / 2, 3),
                "learning_rate": round(10 ** rng.uniform(-4, -2), 6),
                "seed": index,
            }
        )
        for index in range(count)
    ]


def worker(engine: Engine) -> psutil.Process:
    """The process that trains: the largest of the service's children."""
    assert engine.connection.service is not None
    children = psutil.Process(engine.connection.service.pid).children(recursive=True)
    return max(children, key=lambda child: int(child.memory_info().rss))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--shapes", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(RunStore(Path(folder), recorded=None))
        begun, after_50 = time.monotonic(), 0.0
        try:
            for index, config in enumerate(runs(arguments.runs, arguments.shapes, arguments.seed)):
                with engine.watch([config]) as watch:
                    last = list(watch)[-1]
                assert last.state == "done", last.message
                if (index + 1) % REPORT_EVERY == 0:
                    process = worker(engine)
                    resident = process.memory_info().rss / 1e6
                    after_50 = after_50 or resident
                    print(
                        f"{index + 1:5} runs, {time.monotonic() - begun:5.0f} s, "
                        f"worker {process.pid}: {resident:.0f} MB, "
                        f"{resident - after_50:+.0f} MB since the first {REPORT_EVERY}",
                        flush=True,
                    )
        finally:
            engine.close()


if __name__ == "__main__":
    main()
