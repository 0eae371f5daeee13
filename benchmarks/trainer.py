"""The trainer beside what one would otherwise use: `make bench`.

Every contender runs in a process of its own and they take turns, a few epochs each, so that a busy
moment of the machine falls on all alike. Figures are medians; compare ratios, not milliseconds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from itertools import pairwise
from typing import Any

from fmviz.run.choices import DATASETS
from fmviz.run.config import RunConfig

SHALLOW, DEEP = (128,), (128,) * 5
# BLAS threads go on spinning for a moment, which the next contender should not pay for.
REST_SECONDS = 0.15
# What the contenders measure after each epoch: the validation images and the training sample.
IMAGES = DATASETS["compact"].validation + DATASETS["compact"].train_sample
WHOLE = ("fmviz, whole", "fmviz, whole with test")


class Contender:
    """A contender's process."""

    def __init__(self, name: str, config: RunConfig, members: int = 1) -> None:
        self.name, self.config, self.members = name, config, members
        self.seconds: list[float] = []
        self.steps: list[float] = []
        fields = json.dumps(config.model_dump(mode="json"))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.contenders", name, fields, str(members)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        answer = self._answer()
        self.missing = answer.get("missing", "")

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        # Libraries write to standard output too.
        while line := self.process.stdout.readline():
            if line.startswith("{"):
                answer: dict[str, Any] = json.loads(line)
                return answer
        raise RuntimeError(f"{self.name} ended with exit code {self.process.wait()}")

    def run(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        answer = self._answer()
        self.seconds.append(answer["epoch"])
        self.steps.append(answer.get("steps", answer["epoch"]))

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()

    @property
    def ms(self) -> float:
        """Milliseconds an epoch and model, measures included."""
        return 1_000 * statistics.median(self.seconds) / self.members

    @property
    def steps_ms(self) -> float:
        """Milliseconds an epoch and model of gradient steps alone."""
        return 1_000 * statistics.median(self.steps) / self.members

    @property
    def gigaflops(self) -> float:
        """Rate of the gradient steps' matrix products. The images' gradient is not needed."""
        sizes = (784, *self.config.hidden, 10)
        first, *rest = (a * b for a, b in pairwise(sizes))
        operations = self.config.train_size * (4 * first + 6 * sum(rest))
        return operations / self.steps_ms / 1e6


def race(contenders: list[Contender], rounds: int) -> None:
    """Let the contenders take turns."""
    for _ in range(rounds):
        for contender in contenders:
            contender.run()
            time.sleep(REST_SECONDS)


def config(n: int, hidden: tuple[int, ...]) -> RunConfig:
    return RunConfig(train_size=n, hidden=hidden, penalty="l2", lam=1.0)


def compare(n: int, hidden: tuple[int, ...], members: tuple[int, ...], rounds: int) -> None:
    """One table: ours with several members, and everybody else with one."""
    network = "-".join(map(str, (784, *hidden, 10)))
    print(f"\n{network}, n = {n:,}, {IMAGES:,} images measured an epoch")
    mine = [Contender("fmviz", config(n, hidden), k) for k in members]
    others = [
        Contender(name, config(n, hidden))
        for name in (
            "model.fit",
            "model.fit, best setting",
            "PyTorch, tuned loop",
            "scikit-learn",
            "JAX, scan",
            "sgemm",
        )
    ]
    for missing in (other for other in others if other.missing):
        print(
            f"  {missing.name}: {missing.missing} is not installed; "
            "pip install -r benchmarks/requirements.txt"
        )
    others = [other for other in others if not other.missing]
    race([*mine, *others], rounds)
    pace = 2 * 2_048**3 / others[-1].ms / 1e6
    print(f"  sgemm {pace:.0f} GFLOP/s")
    header = "  ".join(f"{k} together" if k > 1 else "alone" for k in members)
    print(f"  {'':26}{'ms an epoch and model':>22}   as fast as it, fmviz: {header}")
    for other in others[:-1]:
        ratios = "  ".join(f"{other.ms / each.ms:.1f}x" for each in mine)
        print(f"  {other.name:26}{other.ms:22.1f}   {ratios}")
    for each in mine:
        measures = each.ms - each.steps_ms
        print(
            f"  {f'fmviz, {each.members} together':26}{each.ms:22.1f}   "
            f"steps {each.steps_ms:.1f} at {each.gigaflops / pace:.0%} of sgemm's rate, "
            f"measures {measures:.1f}, {measures / each.steps_ms:.0%} of the steps"
        )
    for contender in (*mine, *others):
        contender.close()


def whole_runs(rounds: int) -> None:
    """What a viewer waits for once the program is compiled: the runs of the page on L2, from their
    first weights to their records; and the same with the test images measured."""
    print("\nWhole runs with their measures, s: alone, and with the test images")
    for n, epochs in ((1_000, 100), (5_000, 30)):
        settings = config(n, SHALLOW).replace(epochs=epochs)
        for together in (2, 8):
            contenders = [Contender(kind, settings, together) for kind in WHOLE]
            race(contenders, rounds)
            seconds = [statistics.median(contender.seconds) for contender in contenders]
            print(
                f"  {together} runs of {epochs} epochs, n = {n:,}"
                + "".join(f"{each:9.2f}" for each in seconds)
            )
            for contender in contenders:
                contender.close()


def growth(rounds: int) -> None:
    """How our epoch grows with n, members, width and depth."""
    print("\nGrowth: ms an epoch and model, steps and measures")
    tables: dict[str, list[tuple[str, RunConfig, int]]] = {
        "images": [(f"{n:,}", config(n, SHALLOW), 2) for n in (500, 2_000, 5_000, 10_000)],
        "members": [(str(k), config(5_000, SHALLOW), k) for k in (1, 2, 4, 8, 16, 32)],
        "width": [(str(w), config(5_000, (w,)), 2) for w in (32, 128, 512)],
        "depth": [(str(d), config(5_000, (128,) * d), 2) for d in (1, 2, 4, 6)],
    }
    for what, rows in tables.items():
        contenders = [Contender("fmviz", settings, members) for _, settings, members in rows]
        race(contenders, rounds)
        for (label, _, _), contender in zip(rows, contenders, strict=True):
            measures = contender.ms - contender.steps_ms
            print(f"  {what:8}{label:>8}{contender.steps_ms:10.1f} + {measures:.1f}")
            contender.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="the first two tables only")
    arguments = parser.parse_args()
    if arguments.rounds < 5:
        parser.error("--rounds must be at least 5: the figures are medians")
    whole_runs(arguments.rounds)
    compare(10_000, SHALLOW, (1, 8, 32), arguments.rounds)
    if not arguments.quick:
        compare(2_000, SHALLOW, (1, 8, 32), arguments.rounds)
        compare(10_000, DEEP, (1, 6), arguments.rounds)
        compare(2_000, DEEP, (1, 6), arguments.rounds)
        growth(arguments.rounds)


if __name__ == "__main__":
    main()
