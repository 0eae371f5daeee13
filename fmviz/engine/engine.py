"""From configs to records: look in the store, else train in a worker, and watch it grow.

The process that holds the engine imports no TensorFlow. Training happens in Dask workers: one
process on this machine by default, or the cluster that FMVIZ_SCHEDULER names.
"""

from __future__ import annotations

from collections.abc import Sequence

from fmviz.engine.connection import Connection
from fmviz.engine.jobs import Jobs
from fmviz.engine.orders import TIMEOUT_SECONDS, ModelFile
from fmviz.engine.watch import Watch
from fmviz.run.config import RunConfig
from fmviz.run.record import Array
from fmviz.run.store import RunStore

# A run that has lost its last viewer is kept going this long, in case a blip of the network took
# the viewer away and will bring it back.
GRACE_SECONDS = 5.0


class Engine:
    """Submit, watch and cancel runs. One a process, safe to use from many threads.

    Args:
        store: where finished runs are looked up and kept.
        address: a Dask scheduler; None starts one worker process on this machine.
        grace: seconds that a run without viewers goes on.
    """

    def __init__(
        self, store: RunStore, address: str | None = None, grace: float = GRACE_SECONDS
    ) -> None:
        self.store = store
        self.jobs = Jobs(store, grace)
        self.connection = Connection(address, self.jobs)

    def start(self) -> None:
        """Connect in the background, starting the worker where it is ours. Runs that are asked
        for do so by themselves; call it early to have the worker warm before that."""
        self.connection.start()

    def watch(
        self, configs: Sequence[RunConfig], *, brief: bool = False, retrain: bool = False
    ) -> Watch:
        """Ask for runs. Those that are neither stored nor being trained start now.

        The watch must be closed; `with engine.watch(configs) as watch:` does so.

        Args:
            brief: whether records without weights will do, as for sweeps. They wait for whoever
                wants whole ones.
            retrain: whether runs that ship with fmviz are to be trained here all the same.
        """
        known = {}
        missing = {}
        for config in configs:
            if config.key in known:
                continue
            found = self.store.find(config, brief=brief, recorded=not retrain)
            if found is None:
                missing[config.key] = config
            else:
                known[config.key] = found
        jobs, ended = self.jobs.ask(list(missing.values()), brief=brief)
        if jobs:
            self.start()
        return Watch(self.jobs, tuple(configs), known | ended, jobs)

    def known(self, configs: Sequence[RunConfig], *, brief: bool = False) -> bool:
        """Whether all of these runs are in the store, so that watching them trains nothing."""
        return all(self.store.find(config, brief=brief) is not None for config in configs)

    def warm(self, configs: Sequence[RunConfig]) -> None:
        """Have the worker compile what runs like these need, after everything that is asked for.

        A page that shows runs from the store calls it: what its reader moves next is a run of the
        same shape.
        """
        self.jobs.warm(configs)

    def ready_in(self) -> float:
        """Seconds until the worker can begin, as far as is known; 0 once it has."""
        return self.connection.ready_in()

    def model_file(
        self,
        config: RunConfig,
        name: str,
        epoch: int,
        weights: Sequence[Array] = (),
        timeout: float = TIMEOUT_SECONDS,
    ) -> ModelFile:
        """Order one run as a `.keras` file with its weights after so many epochs.

            with engine.model_file(config, name, epoch, weights) as file:
                for words in file:
                    ...  # how it stands
            file.content

        Args:
            name: of the model in the file.
            epoch: how many have been trained.
            weights: where they are known; else the worker trains the run again up to that epoch.
            timeout: seconds after which it is given up.
        """
        self.start()
        return ModelFile(self.jobs.standing, config, name, epoch, weights, timeout)

    def close(self) -> None:
        """Cancel everything and end the worker process."""
        self.connection.close()
