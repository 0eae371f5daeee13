"""The shape of the house: layers, the direction of imports, how long a module may be."""

from __future__ import annotations

import ast
import configparser
import statistics
import subprocess
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "fmviz").rglob("*.py"))
LONGEST = 350
MEDIAN = 140


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_of(path): path for path in FILES}


def layers() -> list[str]:
    """The folders from the lowest up, as the contract has them."""
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / ".importlinter", encoding="utf-8")
    written = contracts["importlinter:contract:layers"]["layers"].split()
    return [name.removeprefix("fmviz.") for name in reversed(written)]


def layer_of(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def imports(path: Path) -> Iterator[str]:
    """The modules of fmviz that a file imports anywhere in it, for types too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("fmviz"):
            assert not node.level, f"{path}: relative import"
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield full if full in MODULES else str(node.module)
        elif isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.startswith("fmviz"))


def test_every_folder_is_a_layer() -> None:
    present = {layer_of(module) for module in MODULES} - {""}
    assert present == set(layers())


def test_no_import_points_up() -> None:
    order = layers()
    upwards = [
        f"{module} imports {target}"
        for module, path in MODULES.items()
        for target in imports(path)
        if "." in module
        and "." in target
        and order.index(layer_of(target)) > order.index(layer_of(module))
    ]
    assert upwards == []


def test_no_circle_among_modules() -> None:
    """Also within a folder: a module that imports another is not imported by it."""
    left = {
        module: {target for target in imports(path) if target in MODULES and target != module}
        for module, path in MODULES.items()
    }
    while True:
        free = {module for module, targets in left.items() if not targets & left.keys()}
        if not free:
            break
        left = {module: targets for module, targets in left.items() if module not in free}
    assert left == {}


def test_no_lesson_imports_another() -> None:
    def lesson_of(module: str) -> str | None:
        parts = module.split(".")
        return parts[2] if parts[1:2] == ["lessons"] and len(parts) > 3 else None

    crossing = [
        f"{module} imports {target}"
        for module, path in MODULES.items()
        for target in imports(path)
        if (one := lesson_of(module)) and (other := lesson_of(target)) and one != other
    ]
    assert crossing == []


def test_modules_are_short_or_say_why_not() -> None:
    lengths = {
        module: len(path.read_text(encoding="utf-8").splitlines())
        for module, path in MODULES.items()
        if path.name != "__init__.py"
    }
    unexplained = {
        module: length
        for module, length in lengths.items()
        if length > LONGEST and "Long because" not in (ast.get_docstring(tree(module)) or "")
    }
    assert unexplained == {}
    assert statistics.median(lengths.values()) <= MEDIAN


def tree(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


def test_a_package_is_no_module_in_disguise() -> None:
    """An `__init__.py` says what its folder is, and at most names what others may want of it."""
    for path in FILES:
        if path.name != "__init__.py":
            continue
        parsed = ast.parse(path.read_text(encoding="utf-8"))
        assert ast.get_docstring(parsed), path
        held = [n for n in parsed.body[1:] if not isinstance(n, ast.ImportFrom | ast.Assign)]
        assert held == [], f"{path} holds more than its docstring and names"


def test_only_what_draws_imports_streamlit() -> None:
    drawing = {"ui", "shell"}
    for module, path in MODULES.items():
        words = path.read_text(encoding="utf-8")
        if "import streamlit" not in words and "from streamlit" not in words:
            continue
        name = module.split(".")[-1] if module.split(".")[-2] != "panels" else "panels"
        in_lesson = layer_of(module) == "lessons" and name in ("page", "panels")
        assert layer_of(module) in drawing or in_lesson, module


def test_pages_show_their_lesson_and_do_no_more() -> None:
    for path in (ROOT / "pages").glob("*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 12, path


@pytest.mark.slow
@pytest.mark.parametrize("module", ["fmviz", "fmviz.shell"])
def test_pages_leave_tensorflow_alone(module: str) -> None:
    names = [module, *(m for m in MODULES if m.endswith(".page") and "lessons" in m)]
    code = (
        f"import sys, {', '.join(names)}\n"
        "found = {'tensorflow', 'keras', 'torch'} & set(sys.modules)\n"
        "sys.exit(f'imported: {found}' if found else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_session_state_is_touched_in_one_module() -> None:
    touching = {
        module
        for module, path in MODULES.items()
        if "st.session_state" in path.read_text(encoding="utf-8")
    }
    assert touching == {"fmviz.ui.session"}


def test_the_tests_mirror_the_modules() -> None:
    """A folder of tests for each folder that they test."""
    folders = {path.parent.relative_to(ROOT / "tests") for path in (ROOT / "tests").rglob("*.py")}
    named = (".", "browser", "pages", "support", "scripts", "benchmarks")
    others = {Path(name) for name in named}
    missing = [folder for folder in folders - others if not (ROOT / "fmviz" / folder).is_dir()]
    assert missing == []
    assert set(chain(layers())) >= {folder.parts[0] for folder in folders - others}
