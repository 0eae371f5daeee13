"""The address of a scheduler, and what is said where none answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import cast

import dask
import distributed
import pytest

from fmviz.engine.connection import Client, Connection, scheduler_address
from fmviz.engine.reports import Beat, Report
from fmviz.run.store import SettingError
from fmviz.words import waiting


@pytest.mark.parametrize("text", ["localhost:8786", "http://x:1", "tcp://", "tcp://x", "yes"])
def test_a_bad_scheduler_is_named(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FMVIZ_SCHEDULER", text)
    with pytest.raises(SettingError, match="FMVIZ_SCHEDULER must be an address") as error:
        scheduler_address()
    assert repr(text) in str(error.value)


def test_a_good_scheduler_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    assert scheduler_address() is None
    monkeypatch.setenv("FMVIZ_SCHEDULER", "tcp://10.0.0.5:8786")
    assert scheduler_address() == "tcp://10.0.0.5:8786"


class Heard:
    """A listener that keeps what it is told."""

    def __init__(self) -> None:
        self.client: Client | None = None
        self.problems: list[str] = []
        self.told = Event()

    def connected(self, client: Client) -> None:
        self.client = client
        self.told.set()

    def lost(self, problem: str, blame: bool = False) -> None:
        if problem:
            self.problems.append(problem)
            self.told.set()

    def silence(self) -> float:
        return 0.0

    def tick(self) -> str:
        return ""

    def beat(self, beat: Beat) -> None: ...

    def reported(self, report: Report) -> None: ...


@contextmanager
def connection(address: str | None) -> Iterator[tuple[Connection, Heard]]:
    heard = Heard()
    made = Connection(address, heard)
    made.start()
    try:
        assert heard.told.wait(60)
        yield made, heard
    finally:
        made.close()


@pytest.mark.slow
def test_another_s_scheduler_is_met_with_dask_s_own_certificates(tmp_path: Path) -> None:
    with connection(None) as (_, ours):
        client = cast("distributed.Client", ours.client)
        address, security = client.scheduler.address, client.security
        assert address.startswith("tls://")

        with connection(address) as (_, stranger):
            assert stranger.client is None
            assert stranger.problems[0] == waiting.no_certificates()

        certificate, key = tmp_path / "fmviz.crt", tmp_path / "fmviz.key"
        certificate.write_text(security.tls_client_cert)
        key.write_text(security.tls_client_key)
        environment = {
            "DASK_DISTRIBUTED__COMM__TLS__CA_FILE": str(certificate),
            "DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT": str(certificate),
            "DASK_DISTRIBUTED__COMM__TLS__CLIENT__KEY": str(key),
        }
        settings = dask.config.merge(dask.config.config, dask.config.collect_env(environment))
        with dask.config.set(settings), connection(address) as (_, known):
            assert known.client is not None
            assert (
                known.client.submit(sum, [1, 2], key="three", pure=False, priority=0).result() == 3
            )
        with connection(address.replace("tls://", "tcp://")) as (_, plain):
            assert plain.problems == [waiting.no_scheduler()]
