"""What Linux's control groups allow this process.

A *control group* limits what a group of processes may use; a container is one, and may lie in
others. Version 2 (https://docs.kernel.org/admin-guide/cgroup-v2.html) keeps all limits of a group
in one folder, version 1 mounts a hierarchy for each controller. A group is bound by those above it
as well. Python, Dask and TensorFlow see the machine alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")
VERSION_2 = "cgroup2"
VERSION_1 = "cgroup"


class Mount(NamedTuple):
    """A mounted hierarchy of control groups.

    Attributes:
        point: the folder where it is mounted.
        root: which group that folder shows, "/" unless a container was given a part.
        kind: `VERSION_1` or `VERSION_2`.
        controllers: what it limits; none are named in version 2.
    """

    point: Path
    root: str
    kind: str
    controllers: frozenset[str]


def texts(
    controller: str, names: Mapping[str, tuple[str, ...]], proc: Path = PROC
) -> list[list[str]]:
    """What some files say of this process's control group, and of each above it that can be seen.

    Args:
        controller: as version 1 names it, such as "memory".
        names: of the files, by `VERSION_1` and `VERSION_2`.
        proc: the proc file system.

    Returns:
        For each group that has all those files, their contents. Nothing where there is no Linux.
    """
    try:
        mounts = (proc / "self/mountinfo").read_text().splitlines()
        groups = (proc / "self/cgroup").read_text().splitlines()
    except OSError:
        return []
    # Lines such as "4:memory:/docker/1a2b" and "0::/docker/1a2b".
    paths = {}
    for line in groups:
        _, controllers, path = line.split(":", 2)
        for name in controllers.split(","):
            paths[name] = path
    found = []
    for mount in map(_mount, mounts):
        if mount is None:
            continue
        path = paths.get(controller if mount.kind == VERSION_1 else "", "")
        if path and (mount.kind == VERSION_2 or controller in mount.controllers):
            found += list(_texts(mount, path, names[mount.kind]))
    return found


def _mount(line: str) -> Mount | None:
    """What a line of /proc/self/mountinfo mounts; None where those are no control groups."""
    before, _, after = line.partition(" - ")
    kind, *source = after.split(" ")
    fields = before.split(" ")
    if kind not in (VERSION_1, VERSION_2) or len(fields) < 5:
        return None
    controllers = frozenset(source[-1].split(",")) if kind == VERSION_1 else frozenset[str]()
    return Mount(Path(_unescaped(fields[4])), _unescaped(fields[3]), kind, controllers)


def _texts(mount: Mount, path: str, names: tuple[str, ...]) -> Iterator[list[str]]:
    # In a container the path may be of the host, of which the mount shows a part, or none of it.
    inside = path
    if mount.root != "/":
        inside = path[len(mount.root) :] if path.startswith(mount.root) else "/"
    folder = mount.point / inside.lstrip("/")
    for group in (folder, *folder.parents):
        if not group.is_relative_to(mount.point):
            return
        try:
            yield [(group / name).read_text().strip() for name in names]
        except OSError:
            continue


def _unescaped(field: str) -> str:
    """A field of mountinfo, where a space stands as its octal number."""
    return field.replace("\\040", " ").replace("\\134", "\\")
