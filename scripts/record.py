"""Train the runs that ship with fmviz: `make record`.

Every page opens on a finished run, also while the worker is still starting. Those runs are
written to fmviz/recorded/ in the store's own format.
"""

from __future__ import annotations

from fmviz.config import RunConfig
from fmviz.lessons import LESSONS
from fmviz.store import RECORDED_FOLDER, RunStore
from fmviz.train import train


def recorded_configs() -> dict[RunConfig, bool]:
    """The runs that the pages open on → whether their panels need only a brief record."""
    runs: dict[RunConfig, bool] = {}
    for lesson in LESSONS.values():
        for config in lesson.runs_of(lesson.start).values():
            runs[config] = runs.get(config, True) and not lesson.weights
    return runs


def main() -> None:
    RECORDED_FOLDER.mkdir(exist_ok=True)
    for old in RECORDED_FOLDER.glob("*.npz"):
        old.unlink()
    store = RunStore(RECORDED_FOLDER, recorded=None)
    configs = recorded_configs()
    for record in train(list(configs)):
        store.put(record.brief() if configs[record.config] else record)
        print(record.config.key, record.config)


if __name__ == "__main__":
    main()
