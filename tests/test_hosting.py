"""docs/hosting.md: its commands are run as they are written, with this machine for all of its."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.faults]

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "hosting.md").read_text()
# The first line of a block names it.
COMMANDS = dict(re.findall(r"^```sh\n# ([^\n]+)\n(.*?)^```$", TEXT, re.M | re.S))

# What an app does with the settings of its command.
CLIENT = """
import sys
from pathlib import Path
from fmviz.engine.connection import scheduler_address
from fmviz.engine.engine import Engine
from fmviz.run.config import RunConfig
from fmviz.run.store import RunStore, default_folder

engine = Engine(RunStore(default_folder(), recorded=None), scheduler_address())
config = RunConfig(train_size=100, hidden=(4,), epochs=2, seed=int(sys.argv[1]))
with engine.watch([config]) as watch:
    for update in watch:
        if update.seconds > 120:
            break
print(update.state, update.message, default_folder())
engine.close()
"""
# Somebody without a certificate.
STRANGER = """
import sys, distributed
try:
    distributed.Client(sys.argv[1], timeout=3)
except Exception as error:
    sys.exit(f"refused: {type(error).__name__}")
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    """This machine's values for the names that the document sets, and an installed fmviz."""
    values = {
        "HOST": "127.0.0.1",
        "PORT": str(free_port()),
        "STORE": str(tmp_path / "store"),
        "KEYS": str(tmp_path / "keys"),
        "DASK_DISTRIBUTED__ADMIN__LOW_LEVEL_LOG_LENGTH": "2",
    }
    assert set(re.findall(r"(\w+)=", COMMANDS["settings"])) == set(values)
    installed = {
        "PYTHONPATH": str(ROOT),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "STREAMLIT_SERVER_PORT": str(free_port()),
        "STREAMLIT_SERVER_HEADLESS": "true",
        "FMVIZ_AHEAD": "0",
    }
    return {**os.environ, **installed, **values}


@contextmanager
def running(name: str, settings: dict[str, str]) -> Iterator[None]:
    """A command that runs until the end, in a process group of its own."""
    process = subprocess.Popen(
        ["bash", "-ec", COMMANDS[name]],
        cwd=ROOT,
        env=settings,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
        assert process.poll() is None, f"{name} has ended"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def ran(settings: dict[str, str], script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A Python script with these settings."""
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=settings, capture_output=True, text=True, timeout=200, check=False
    )


def wait_until(holds: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.2)


def healthy(settings: dict[str, str]) -> bool:
    url = f"http://127.0.0.1:{settings['STREAMLIT_SERVER_PORT']}/_stcore/health"
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def of_the_app(name: str, settings: dict[str, str]) -> dict[str, str]:
    """The settings that a command of the document gives to the app."""
    given = re.findall(r"(\w+)=(\S+)", COMMANDS[name])
    expanded = {key: re.sub(r"\$(\w+)", lambda m: settings[m[1]], value) for key, value in given}
    return {**settings, **expanded}


def test_every_block_has_a_name_and_a_test() -> None:
    assert TEXT.count("```") == 2 * len(COMMANDS)
    kinds = ["", " with certificates"]
    assert set(COMMANDS) == {
        "one machine",
        "settings",
        "certificates",
        *(f"{who}{kind}" for who in ("scheduler", "worker", "app") for kind in kinds),
    }


def test_one_machine(settings: dict[str, str]) -> None:
    with running("one machine", settings):
        wait_until(lambda: healthy(settings))


@pytest.mark.parametrize("kind", ["", " with certificates"])
def test_a_cluster(kind: str, settings: dict[str, str]) -> None:
    if kind:
        subprocess.run(["bash", "-ec", COMMANDS["certificates"]], env=settings, check=True)
    with ExitStack() as commands:
        for who in ("scheduler", "worker", "app"):
            commands.enter_context(running(who + kind, settings))
        wait_until(lambda: healthy(settings))
        client = of_the_app("app" + kind, settings)
        trained = ran(client, CLIENT, "7")
        assert trained.stdout.split() == ["done", settings["STORE"]], trained.stderr
        # What the document says of who may give orders.
        stranger = ran(settings, STRANGER, client["FMVIZ_SCHEDULER"])
        assert ("refused" in stranger.stderr) == bool(kind)
