"""Train the runs that ship with fmviz: `make record`.

Every page opens on a finished run, also while the worker is still starting. Those runs are
written to fmviz/recorded/ in the store's own format.
"""

from __future__ import annotations

from fmviz.config import RunConfig
from fmviz.store import RECORDED_FOLDER, RunStore
from fmviz.train import train


def recorded_configs() -> list[RunConfig]:
    """The runs that the pages open on: baselines first, each run once."""
    opening = RunConfig(penalty="l2", lam=10.0)
    return [opening.baseline, opening]


def main() -> None:
    RECORDED_FOLDER.mkdir(exist_ok=True)
    for old in RECORDED_FOLDER.glob("*.npz"):
        old.unlink()
    store = RunStore(RECORDED_FOLDER, recorded=None)
    for record in train(recorded_configs()):
        store.put(record)
        print(record.config.key, record.config)


if __name__ == "__main__":
    main()
