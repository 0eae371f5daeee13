"""Train the runs that ship with fmviz: `make record`, or those only that are missing:
`make record ARGS=--missing`.

Every page, every preset, large sweeps left out, and the pins that *Compare* offers show finished
runs at once, also while the worker is still starting or where training is slow; and so do every
position of a page's main slider, the closer looks of a page as it opens and those that a preset is
about. Those runs are written to fmviz/recorded/ in the store's own
format: with their weights where a page opens on panels that want them, with pictures of the first
layer's where it shows those elsewhere, else without, a tenth of the size; how sure they are is kept
to the byte where a page shows that, else in coarser steps; and of many of which a panel shows the
ends, their histories alone, a hundredth. Of the first page's run what its opening picture needs is
kept of every epoch.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import Any, Literal, get_args

from fmviz.lessons.catalogue import LESSONS
from fmviz.lessons.compare.lesson import EXAMPLES
from fmviz.lessons.initialisation.lesson import map_runs
from fmviz.lessons.optimizers import lesson as optimizers
from fmviz.lessons.overfitting import widths
from fmviz.lessons.regularisation import lesson as regularisation
from fmviz.lessons.regularisation import tickets
from fmviz.lessons.schedules import lesson as schedules
from fmviz.lessons.start import growth
from fmviz.page.ahead import opening_row
from fmviz.page.state import State
from fmviz.run import archive
from fmviz.run.config import RunConfig
from fmviz.run.record import RunRecord
from fmviz.run.store import RECORDED_FOLDER, RunStore
from fmviz.training.train import train, weights_of_epochs

# Pages on which a panel of the opening state wants weights, and of which roles.
WITH_WEIGHTS = {
    "start": {"the network"},
    "early_stopping": {"the long run"},
    "regularisation": {"no penalty", "with penalty"},
    "dropout": {"dropout"},
    # Its closer look at symmetry.
    "initialisation": {"yours"},
    "your_garment": {"no penalty", "with penalty"},
}
# Pages whose image is the first layer's pictures; and those that open on runs with pictures.
PICTURED = ("regularisation",)
PICTURED_AT_START = (*PICTURED, "playground")
# Pages that show how sure networks are.
SURE = ("early_stopping",)
# Presets that do, too: units that are all alike take little room, and to prune takes weights.
OF_PRESETS = {("initialisation", "zeros", "yours"), ("regularisation", "l1", "with penalty")}
# How much of a run ships, from little to all.
Detail = Literal["outline", "brief", "pictured", "whole"]
DETAILS = get_args(Detail)


def recorded_configs() -> dict[RunConfig, Detail]:
    """The runs of every page, preset and opening row that ship → how much of them."""
    runs: dict[RunConfig, Detail] = {}

    def ship(config: RunConfig, detail: Detail = "brief") -> None:
        runs[config] = max(detail, runs.get(config, detail), key=DETAILS.index)

    for name, lesson in LESSONS.items():
        shown: Detail = "pictured" if name in PICTURED else "brief"
        opening: Detail = "pictured" if name in PICTURED_AT_START else "brief"
        for role, config in lesson.all_runs_of(lesson.start).items():
            ship(config, "whole" if role in WITH_WEIGHTS.get(name, ()) else opening)
        for preset in filter(lambda preset: preset.recorded, lesson.presets):
            state = lesson.state_of(preset)
            for role, config in lesson.all_runs_of(state).items():
                # A branch stands beside the page's runs, and not among its pictures.
                of_page = shown if role in lesson.runs_of(state) else "brief"
                ship(config, "whole" if (name, preset.name, role) in OF_PRESETS else of_page)
        for asked in opening_row(lesson):
            for config in asked:
                ship(config, shown)
    for pin in EXAMPLES:
        ship(pin.config)
    for config in swept():
        ship(config)
    # L1 as Keras does it, beside the proximal step.
    for config in regularisation.proximal(_preset("regularisation", "proximal")).values():
        ship(config)
    # All schedules, compared image by image.
    for config in schedules.raced(LESSONS["schedules"].start.config).values():
        ship(config)
    for config in outlined():
        ship(config, "outline")
    return runs


def shown_sure() -> set[RunConfig]:
    """The runs of the pages that show how sure they are."""
    return {
        config
        for lesson in map(LESSONS.__getitem__, SURE)
        for state in (lesson.start, *map(lesson.state_of, lesson.presets))
        for config in lesson.runs_of(state).values()
    }


def swept() -> list[RunConfig]:
    """The runs of the sweeps that closer looks offer where their page opens; those of a step of the
    story are the same."""
    penalised = LESSONS["regularisation"].start.config
    race = LESSONS["optimizers"].start
    return [
        *(config for _, config in regularisation.swept(penalised, seeds=1)),
        *(config for _, config in regularisation.adamw(penalised)),
        *optimizers.swept(race.config, optimizers.racers_of(race.view)).values(),
        *schedules.swept(LESSONS["schedules"].start.config).values(),
    ]


def outlined() -> list[RunConfig]:
    """The runs of pictures that show the ends of many."""
    lesson = LESSONS["initialisation"]
    # A map each activation function.
    mapped = [lesson.start, *map(lesson.state_of, lesson.presets)]
    return [
        *(config for state in mapped for config in map_runs(state.config)),
        *widths.runs(LESSONS["overfitting"].start.config),
        *widths.runs(_preset("overfitting", "widths")),
        *tickets.runs(LESSONS["regularisation"].start.config),
        *tickets.runs(_preset("regularisation", "ticket")),
    ]


def timed() -> list[RunConfig]:
    """The race over seconds, which compare where all of it was trained in one go; the branches of
    its runs with it."""
    race = LESSONS["optimizers"].runs_of(_state("optimizers", "seconds")).values()
    return [*race, *(c for c in recorded_configs() if c.branch and c.trunk in race)]


def _preset(name: str, preset: str) -> RunConfig:
    """The run that a step of a lesson's story asks for."""
    return _state(name, preset).config


def _state(name: str, preset: str) -> State[Any]:
    """What a step of a lesson's story sets its page to."""
    lesson = LESSONS[name]
    (step,) = (step for step in lesson.presets if step.name == preset)
    return lesson.state_of(step)


def cut(record: RunRecord, detail: Detail) -> RunRecord:
    """So much of a record."""
    if detail == "outline":
        return record.outline()
    if detail == "pictured":
        return record.pictured()
    return record.brief() if detail == "brief" else record


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


def trained(wanted: Sequence[RunConfig]) -> Iterator[RunRecord]:
    """The records of runs. A run that branches is trained beside its trunk and nothing of its kind,
    though that be recorded already: in other company rounding would set them apart before the
    branch. Of the race over seconds all or none is trained."""
    if not set(wanted).isdisjoint(race := timed()):
        yield from train(race, test=True)
        wanted = [config for config in wanted if config not in race]
    families: dict[RunConfig, list[RunConfig]] = {}
    for config in wanted:
        if config.branch:
            families.setdefault(config.trunk, []).append(config)
    for trunk, branches in families.items():
        yield from train([trunk, *branches], test=True)
    alone = [c for c in wanted if not c.branch and c not in families]
    yield from train(alone, test=True)


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
    for record in trained(list(wanted.values())):
        kept = record if record.config in sure else record.coarse()
        content = archive.pack(cut(kept, configs[record.config]), level=9)
        (RECORDED_FOLDER / f"{record.config.key}.npz").write_bytes(content)
        print(record.config.key, record.config)
    record_growth(store)


if __name__ == "__main__":
    main()
