"""From configs to records: look in the store, else train in a worker, and watch it grow.

The process that holds the engine imports no TensorFlow. Training happens in Dask workers: one
process on this machine by default, or the cluster that FMVIZ_SCHEDULER names.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from fmviz.engine.ahead import Ahead
from fmviz.engine.connection import Connection
from fmviz.engine.jobs import Jobs
from fmviz.engine.orders import TIMEOUT_SECONDS, ModelFile
from fmviz.engine.urgency import Urgency
from fmviz.engine.watch import Watch
from fmviz.run.config import RunConfig
from fmviz.run.groups import MEMBERS_AT_ONCE
from fmviz.run.record import Array
from fmviz.run.store import RunStore

# A run that has lost its last viewer goes on for so long: a page that is run again asks for it anew
# in less. A network that blinks may take longer to bring its viewer back; what is lost by then is
# little, for the worker keeps what has cost much (`trainer.KEPT_SECONDS`). A tab that was closed
# costs no more than two seconds of training.
GRACE_SECONDS = 1.0


class Engine:
    """Submit, watch and cancel runs. One a process, safe to use from many threads.

    Args:
        store: where finished runs are looked up and kept.
        address: a Dask scheduler; None starts one worker process on this machine.
        grace: seconds that a run without viewers goes on.
        ahead: whether to train, while nobody waits, what viewers may ask for next.
    """

    def __init__(
        self,
        store: RunStore,
        address: str | None = None,
        grace: float = GRACE_SECONDS,
        ahead: bool = False,
    ) -> None:
        self.store = store
        self.jobs = Jobs(store, grace, elsewhere=address is not None)
        self._ahead = Ahead(self.jobs, store) if ahead else None
        self.connection = Connection(address, self.jobs)

    def start(self) -> None:
        """Connect in the background, starting the worker where it is ours. Runs that are asked
        for do so by themselves; call it early to have the worker warm before that."""
        self.connection.start()

    def watch(
        self,
        configs: Sequence[RunConfig],
        *,
        brief: bool = False,
        test: bool = False,
        outline: bool = False,
        retrain: bool = False,
    ) -> Watch:
        """Ask for runs. Those that are neither stored nor being trained start now.

        The watch must be closed; `with engine.watch(configs) as watch:` does so.

        Args:
            brief: whether records without weights will do, as for sweeps. They wait for whoever
                wants whole ones.
            test: whether the test images are to be measured. A run that was trained without them
                is trained again.
            outline: whether records with nothing but their histories will do, where there are any;
                what is trained brings more.
            retrain: whether runs that ship with fmviz are to be trained here all the same.
        """
        begun = time.monotonic()
        known = self.store.find_all(
            configs, brief=brief, test=test, outline=outline, recorded=not retrain
        )
        missing = {config.key: config for config in configs if config.key not in known}
        # Rounding depends on the company that a run is trained in, and grows over the epochs. So a
        # branch that has to be trained is trained beside its trunk: up to there they are one.
        trunks = {config.trunk for config in missing.values() if config.branch} & set(configs)
        anew = [config for config in trunks if known.pop(config.key, None) is not None]
        missing |= {config.key: config for config in anew}
        # What the store has of them beyond what is asked for is asked for too, so that the new
        # records can take the place of the old.
        for config in missing.values():
            old = self.store.find(config, brief=True, recorded=False)
            if old is not None:
                brief, test = brief and old.record.is_brief, test or old.record.has_test
        jobs, ended = self.jobs.ask(
            list(missing.values()),
            brief=brief,
            test=test,
            anew=frozenset(config.key for config in anew),
            urgency=Urgency.SWEEP if brief and len(missing) > MEMBERS_AT_ONCE else Urgency.LIVE,
        )
        if jobs:
            self.start()
        return Watch(self.jobs, tuple(configs), known | ended, jobs, begun)

    def known(
        self,
        configs: Sequence[RunConfig],
        *,
        brief: bool = False,
        test: bool = False,
        outline: bool = False,
    ) -> bool:
        """Whether all of these runs are in the store, so that watching them trains nothing."""
        return all(
            self.store.find(config, brief=brief, test=test, outline=outline) is not None
            for config in configs
        )

    def warm(self, configs: Sequence[RunConfig]) -> None:
        """Have the worker compile what runs like these need, after everything that is asked for.

        A page that shows runs from the store calls it: what its reader moves next is a run of the
        same shape.
        """
        self.jobs.warm(configs)

    def ahead(
        self, viewer: str, rows: Iterable[Sequence[RunConfig]], *, brief: bool = False
    ) -> None:
        """Take note of what a viewer is likely to ask for next, to train it while nobody waits.

        Args:
            viewer: names the session; what it wished for before is forgotten.
            rows: the runs of each state that may come next, most likely first.
            brief: whether records without weights will do.
        """
        if self._ahead is not None:
            self._ahead.wish(viewer, rows, brief=brief)

    @property
    def trains_ahead(self) -> bool:
        """Whether anything is trained before it is asked for."""
        return self._ahead is not None

    def open_with(self, runs: Iterable[tuple[RunConfig, bool]]) -> None:
        """Take note of what to train once no viewer wishes for anything: runs, and whether records
        without weights will do."""
        if self._ahead is not None:
            self._ahead.open_with(runs)

    def ready_in(self) -> float:
        """Seconds until the worker can begin, as far as is known; 0 once it has."""
        return self.connection.ready_in()

    def answers(self) -> bool:
        """Whether a worker is there and has just given a sign of life."""
        return self.jobs.answers()

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
        """Cancel everything, leave it to other servers on the store, and end the worker process."""
        if self._ahead is not None:
            self._ahead.close()
        self.connection.close()
        self.jobs.close()
