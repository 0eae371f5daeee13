"""Train the runs that ship with fmviz: `make record`.

Every page and every preset, large sweeps left out, shows finished runs at once, also while the
worker is still starting or where training is slow. Those runs are written to fmviz/recorded/ in the
store's own format: with their weights where a page opens on panels that want them, else without, a
tenth of the size.
"""

from __future__ import annotations

from fmviz.lessons.catalogue import LESSONS
from fmviz.run.config import RunConfig
from fmviz.run.store import RECORDED_FOLDER, RunStore
from fmviz.training.train import train

# Pages on which the panel of the opening state wants weights, and of which roles.
WITH_WEIGHTS = {
    "start": {"the network"},
    "early_stopping": {"the long run"},
    "regularisation": {"no penalty", "with penalty"},
    "dropout": {"dropout"},
}
# A preset that does, too; units that are all alike take little room.
SYMMETRY = ("initialisation", "zeros", "yours")


def recorded_configs() -> dict[RunConfig, bool]:
    """The runs of every page and preset that ship → whether they are recorded without weights."""
    runs: dict[RunConfig, bool] = {}
    for name, lesson in LESSONS.items():
        for role, config in lesson.runs_of(lesson.start).items():
            runs[config] = runs.get(config, True) and role not in WITH_WEIGHTS.get(name, ())
        for preset in filter(lambda preset: preset.recorded, lesson.presets):
            for role, config in lesson.runs_of(lesson.state_of(preset)).items():
                brief = (name, preset.name, role) != SYMMETRY
                runs[config] = runs.get(config, True) and brief
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
