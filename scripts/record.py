"""Train the runs that ship with fmviz: `make record`, or those only that are missing:
`make record ARGS=--missing`.

Every page, every preset, large sweeps left out, and the pins that *Compare* offers show finished
runs at once, also while the worker is still starting or where training is slow; and so does every
position of a page's main slider. Those runs are written to fmviz/recorded/ in the store's own
format: with their weights where a page opens on panels that want them, else without, a tenth of
the size; how sure they are is kept to the byte where a page shows that, else in coarser steps. Of
the first page's run what its opening picture needs is kept of every epoch.
"""

from __future__ import annotations

import argparse

from fmviz.lessons.catalogue import LESSONS
from fmviz.lessons.compare.lesson import EXAMPLES
from fmviz.lessons.initialisation.lesson import map_runs
from fmviz.lessons.start import growth
from fmviz.page.ahead import opening_row
from fmviz.run.config import RunConfig
from fmviz.run.store import RECORDED_FOLDER, RunStore
from fmviz.training.train import train, weights_of_epochs

# Pages on which the panel of the opening state wants weights, and of which roles.
WITH_WEIGHTS = {
    "start": {"the network"},
    "early_stopping": {"the long run"},
    "regularisation": {"no penalty", "with penalty"},
    "dropout": {"dropout"},
    "your_garment": {"no penalty", "with penalty"},
}
# Pages that show how sure networks are.
SURE = ("early_stopping",)
# A preset that does, too; units that are all alike take little room.
SYMMETRY = ("initialisation", "zeros", "yours")


def recorded_configs() -> dict[RunConfig, bool]:
    """The runs of every page, preset and opening row that ship → whether they are recorded without
    weights."""
    runs: dict[RunConfig, bool] = {}
    for name, lesson in LESSONS.items():
        for role, config in lesson.runs_of(lesson.start).items():
            runs[config] = runs.get(config, True) and role not in WITH_WEIGHTS.get(name, ())
        for preset in filter(lambda preset: preset.recorded, lesson.presets):
            for role, config in lesson.runs_of(lesson.state_of(preset)).items():
                brief = (name, preset.name, role) != SYMMETRY
                runs[config] = runs.get(config, True) and brief
        for asked in opening_row(lesson):
            for config in asked:
                runs.setdefault(config, True)
    for pin in EXAMPLES:
        runs.setdefault(pin.config, True)
    # The map beside the X-ray, where its page opens.
    for config in map_runs(LESSONS["initialisation"].start.config):
        runs.setdefault(config, True)
    return runs


def shown_sure() -> set[RunConfig]:
    """The runs of the pages that show how sure they are."""
    return {
        config
        for lesson in map(LESSONS.__getitem__, SURE)
        for state in (lesson.start, *map(lesson.state_of, lesson.presets))
        for config in lesson.runs_of(state).values()
    }


def record_growth(store: RunStore) -> None:
    """Train the first page's run once more, for what its opening picture shows of every epoch.

    Raises:
        LookupError: the run itself is not recorded.
        ValueError: it does not answer as the recorded one does.
    """
    (config,) = LESSONS["start"].runs_of(LESSONS["start"].start).values()
    record = store.get(config)
    if record is None:
        raise LookupError("the first page's run is not recorded with its weights")
    growth.write(growth.grown(record, weights_of_epochs(config)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--missing", action="store_true", help="leave those that are there")
    arguments = parser.parse_args()
    RECORDED_FOLDER.mkdir(exist_ok=True)
    store = RunStore(RECORDED_FOLDER, recorded=None)
    configs = recorded_configs()
    wanted = {config.key: config for config in configs}
    for old in RECORDED_FOLDER.glob("*.npz"):
        if arguments.missing and old.stem in wanted:
            del wanted[old.stem]
        else:
            old.unlink()
    sure = shown_sure()
    for record in train(list(wanted.values()), test=True):
        kept = record if record.config in sure else record.coarse()
        store.put(kept.brief() if configs[record.config] else kept)
        print(record.config.key, record.config)
    record_growth(store)


if __name__ == "__main__":
    main()
