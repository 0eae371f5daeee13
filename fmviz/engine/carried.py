"""What a worker that is replaced in order hands to the next: models in training, where they stand.

Each is a file in the folder of the service that started both (`leaving.FOLDER`), which nobody else
can write to and which goes with the service. The next worker takes a file up as it is asked for one
of its runs; whoever asks for the others joins. What is not handed over begins again.
"""

from __future__ import annotations

import logging
import os
import pickle
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from fmviz.engine.requests import Model
from fmviz.run.config import RunConfig
from fmviz.run.phases import PhaseName

logger = logging.getLogger(__name__)

SUFFIX = ".model"
# All files together, and what is left free of the disk. Where temporary files lie in memory, they
# are the container's.
MAX_BYTES = 300 * 10**6
LEAST_FREE = 300 * 10**6


class Carried(NamedTuple):
    """A model as it was handed over.

    Attributes:
        path: of its file.
        configs, test: its runs, and whether their test images are measured.
        slots, epochs, spent: as `Model` has them.
    """

    path: Path
    configs: tuple[RunConfig, ...]
    test: bool
    slots: int
    epochs: int
    spent: Mapping[PhaseName, float]

    def take(self) -> Any:
        """Where its group stood, as `Group.kept` told; the file is gone then.

        Raises:
            Exception: it cannot be read.
        """
        try:
            with self.path.open("rb") as file:
                pickle.load(file)
                return pickle.load(file)
        finally:
            self.path.unlink(missing_ok=True)


class Luggage:
    """The models that are handed over in a folder.

    Args:
        folder: None where there is nobody to hand anything to.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._known: list[Carried] = []
        for path in [] if folder is None else sorted(folder.glob(f"*{SUFFIX}")):
            try:
                with path.open("rb") as file:
                    self._known.append(Carried(path, *pickle.load(file)))
            except Exception as error:  # its runs begin again
                logger.warning("a model cannot be taken up: %s", error)
                path.unlink(missing_ok=True)

    def of(self, config: RunConfig, test: bool) -> Carried | None:
        """The model that has a run, with or without test figures."""
        for each in self._known:
            if each.test == test and config in each.configs:
                return each
        return None

    def taken(self, model: Carried) -> None:
        """Somebody goes on with it."""
        self._known.remove(model)

    def put(self, model: Model) -> None:
        """Hand over a model that is not being advanced, where there is room for it."""
        if self._folder is None or model.group is None or not model.epochs:
            return
        kept = model.group.kept()
        if kept is None:
            return
        path = self._folder / f"{uuid.uuid4().hex}{SUFFIX}"
        # A name of its own until it is whole: the process may be killed meanwhile.
        unfinished = path.with_suffix(".part")
        configs, test = tuple(model.configs), model.members[0].test
        try:
            with unfinished.open("wb") as file:
                pickle.dump((configs, test, model.slots, model.epochs, dict(model.spent)), file)
                pickle.dump(kept, file, protocol=pickle.HIGHEST_PROTOCOL)
            if self._makes_room(unfinished.stat().st_size):
                os.replace(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)

    def _makes_room(self, size: int) -> bool:
        """Delete the models that were handed over first, and that nobody has asked for since, until
        there is room for one more; whether there is."""
        assert self._folder is not None
        found = [(path.stat(), path) for path in self._folder.glob(f"*{SUFFIX}")]
        others = sum(about.st_size for about, _ in found)
        for about, path in sorted(found, key=lambda each: each[0].st_mtime_ns):
            if others + size <= MAX_BYTES:
                break
            path.unlink(missing_ok=True)
            others -= about.st_size
        return size <= MAX_BYTES and shutil.disk_usage(self._folder).free >= LEAST_FREE
