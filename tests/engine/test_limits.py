"""How much memory there is: on scripted control groups of both versions, and in a real one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from fmviz.engine import limits
from fmviz.run.store import SettingError

ROOT = Path(__file__).parents[2]
MB = 10**6
MEMORY_CONTROLLER = Path("/sys/fs/cgroup/memory")

V2 = "30 23 0:26 {root} {point} rw,nosuid shared:4 - cgroup2 cgroup2 rw\n"
V1 = (
    "31 23 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
    "32 23 0:28 {root} {point} rw - cgroup cgroup rw,memory\n"
)


def proc(tmp_path: Path, mounts: str, group: str, root: str = "/") -> Path:
    """A proc file system whose control groups are mounted at `tmp_path / "groups"`."""
    (tmp_path / "self").mkdir()
    point = str(tmp_path / "groups").replace(" ", "\\040")
    (tmp_path / "self/mountinfo").write_text(mounts.format(root=root, point=point))
    (tmp_path / "self/cgroup").write_text(group)
    return tmp_path


def give(tmp_path: Path, path: str, name: str, text: str) -> None:
    folder = tmp_path / "groups" / path
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text + "\n")


def test_version_2_is_bound_by_every_group_above(tmp_path: Path) -> None:
    found = proc(tmp_path, V2, "0::/a/b\n")
    give(tmp_path, "a/b", "memory.max", "max")
    give(tmp_path, "a", "memory.max", "700000000")
    give(tmp_path, "", "memory.max", "900000000")
    assert limits.group_limits(found) == [700_000_000, 900_000_000]


def test_version_1_names_its_controller_and_says_unlimited_by_a_number(tmp_path: Path) -> None:
    found = proc(tmp_path, V1, "3:cpu,cpuacct:/other\n2:memory:/a\n0::/\n")
    give(tmp_path, "a", "memory.limit_in_bytes", "800000000")
    give(tmp_path, "", "memory.limit_in_bytes", "9223372036854771712")
    assert limits.group_limits(found) == [800_000_000]


@pytest.mark.parametrize("group", ["/docker/1a2b/deep", "/elsewhere/on/the/host"])
def test_a_container_sees_a_part_of_the_groups(tmp_path: Path, group: str) -> None:
    found = proc(tmp_path, V1, f"2:memory:{group}\n", root="/docker/1a2b")
    give(tmp_path, "", "memory.limit_in_bytes", "600000000")
    assert limits.group_limits(found) == [600_000_000]


def test_a_mount_point_may_hold_a_space(tmp_path: Path) -> None:
    folder = tmp_path / "my groups"
    folder.mkdir()
    found = proc(folder, V2, "0::/\n")
    give(folder, "", "memory.max", "650000000")
    assert limits.group_limits(found) == [650_000_000]


@pytest.mark.parametrize(
    ("own", "above", "allowed"),
    [
        ("50000 100000", "max 100000", 0.5),
        ("max 100000", "25000 50000", 0.5),
        ("max 100000", "", None),
    ],
)
def test_processors_are_bound_by_every_group_above(
    tmp_path: Path, own: str, above: str, allowed: float | None
) -> None:
    found = proc(tmp_path, V2, "0::/a/b\n")
    give(tmp_path, "a/b", "cpu.max", own)
    if above:
        give(tmp_path, "a", "cpu.max", above)
    assert limits.processors(found) == (allowed or len(os.sched_getaffinity(0)))


@pytest.mark.parametrize(("quota", "allowed"), [("25000", 0.25), ("-1", None)])
def test_version_1_keeps_quota_and_period_apart(
    tmp_path: Path, quota: str, allowed: float | None
) -> None:
    mounts = "31 23 0:27 / {point} rw - cgroup cgroup rw,cpu,cpuacct\n"
    found = proc(tmp_path, mounts, "3:cpu,cpuacct:/a\n")
    give(tmp_path, "a", "cpu.cfs_quota_us", quota)
    give(tmp_path, "a", "cpu.cfs_period_us", "100000")
    assert limits.processors(found) == (allowed or len(os.sched_getaffinity(0)))


def test_without_control_groups_it_is_the_machines_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert limits.group_limits(tmp_path) == []
    monkeypatch.setattr(limits, "group_limits", lambda: [])
    assert limits.memory_limit() == psutil.virtual_memory().total
    monkeypatch.setattr(limits, "group_limits", lambda: [10**15, 750_000_000])
    assert limits.memory_limit() == 750_000_000


def test_a_worker_has_what_others_leave_it_and_leaves_them_what_they_will_take(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FMVIZ_MEMORY_MB", "1000")
    # A worker of a cluster has its machine to itself.
    assert limits.worker_room() == limits.usual_room() == 1_000 * MB - limits.RESERVE
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    monkeypatch.setenv(limits.SHARERS, f"{os.getpid()},{ended.pid}")
    for taken in (100, 500):
        monkeypatch.setattr(limits, "taken", lambda pid, taken=taken: gone(pid, ended, taken))
        others = max(limits.OTHERS, taken * MB)
        assert limits.worker_room() == 1_000 * MB - limits.RESERVE - others
        # What may be trained at all does not depend on who is on the page.
        assert limits.usual_room() == 1_000 * MB - limits.RESERVE - limits.OTHERS


def gone(pid: int, ended: subprocess.Popen[bytes], taken: int) -> int:
    if pid == ended.pid:
        raise psutil.NoSuchProcess(pid)
    return taken * MB


def test_an_environment_variable_goes_before_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FMVIZ_MEMORY_MB", "1000")
    assert limits.memory_limit() == 1_000_000_000


@pytest.mark.parametrize("text", ["0", "499", "-700", "1e3", "1 GB", "٧٠٠", "lots"])
def test_a_variable_that_is_no_size_is_named(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FMVIZ_MEMORY_MB", text)
    with pytest.raises(SettingError, match="FMVIZ_MEMORY_MB must be a whole number") as raised:
        limits.memory_limit()
    assert repr(text) in str(raised.value)


@pytest.mark.skipif(
    not os.access(MEMORY_CONTROLLER, os.W_OK), reason="needs root and control groups of version 1"
)
def test_a_real_control_group_is_seen_from_within() -> None:
    group = MEMORY_CONTROLLER / f"fmviz-test-{uuid4().hex}"
    group.mkdir()
    try:
        (group / "memory.limit_in_bytes").write_text(str(700 * 2**20))
        enter = "import os, sys; open(sys.argv[1], 'w').write(str(os.getpid()))\n"
        code = enter + "from fmviz.engine.limits import memory_limit; print(memory_limit())"
        command = [sys.executable, "-c", code, str(group / "cgroup.procs")]
        answer = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
        assert int(answer.stdout) == 700 * 2**20
    finally:
        group.rmdir()
