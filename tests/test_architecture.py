"""The rules of the house, read from the source: imports go one way, files are small, `--help` is light."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "aln"
FILES = sorted(PACKAGE.rglob("*.py"))

BASE = ("errors", "registry", "localization", "boxes", "config")

# Who stands on whom. A name covers the module or the whole package of that name.
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "errors": (),
    "files": (),
    "registry": BASE,
    "localization": BASE,
    "boxes": BASE,
    "config": BASE,
    "superpixels": BASE,
    "data": (*BASE, "superpixels"),
    "models": (*BASE, "superpixels"),
    "model_io": (*BASE, "files", "superpixels", "models"),
    "visualize": ("errors", "files", "localization", "boxes", "data.base"),
    "methods": (*BASE, "superpixels", "models"),
    "training": (
        *("errors", "registry", "config", "files", "superpixels", "data", "models", "model_io"),
        *("visualize", "progress"),
    ),
    "training.self_training": ("boxes", "config", "models", "training"),
    "training.pictures": ("errors", "training", "boxes", "data", "models", "visualize"),
    "score_map": (*BASE, "superpixels"),
    "sources": (*BASE, "data"),
    "engine": (*BASE, "models", "methods"),
    "localizer": (*BASE, "data", "models", "model_io", "engine", "exported.engine", "score_map", "sources"),
    "exported": (*BASE, "superpixels", "models", "methods", "engine"),
    "exported.photographs": (*BASE, "data", "evaluation.trivial"),
    "exported.check": (*BASE, "data", "localizer", "exported"),
    "exported.loss": (*BASE, "data", "localizer", "evaluation", "exported"),
    "exported.quickest": (*BASE, "models", "model_io", "localizer", "exported"),
    "exported.run": (*BASE, "files", "data", "model_io", "localizer", "output", "exported"),
    "evaluation": (*BASE, "files", "data.base"),
    "evaluation.evaluate": (*BASE, "data", "methods", "localizer", "sources", "evaluation"),
    "evaluation.thresholds": (*BASE, "data.base", "localizer", "evaluation"),
    "evaluation.wsol_writer": (*BASE, "files", "data.base", "sources", "evaluation"),
    "evaluation.session": (*BASE, "data.base", "engine", "localizer", "sources", "evaluation"),
    "progress": (),
    "result_pictures": ("errors",),
    "result_lines": ("errors",),
    "output": ("errors", "files", "localization", "data.store", "result_lines", "result_pictures"),
    "results": ("errors", "localization", "result_lines"),
    "export": ("errors", "registry", "localization"),
    "edits": ("files",),
    "convert": ("errors", "results", "output", "export", "edits"),
    "pipeline": (
        *(*BASE, "data", "model_io", "exported.quickest", "localizer", "output", "convert"),
        *("export", "progress", "result_pictures", "visualize"),
    ),
    "measure": (*BASE, "data", "model_io", "localizer", "evaluation", "progress"),
    "sheets": (*BASE, "data", "localizer", "evaluation", "progress", "visualize"),
    "ablation": (
        *(*BASE, "files", "data", "models", "model_io", "methods", "training", "localizer", "sources"),
        *("evaluation", "measure", "benchmark", "visualize"),
    ),
    "web": (
        *(*BASE, "files", "data", "superpixels", "methods", "localizer", "score_map"),
        *("export", "convert", "visualize.drawing"),
    ),
    "benchmark": (
        *(*BASE, "files", "data", "methods", "training", "model_io", "localizer", "evaluation", "measure"),
        *("progress", "sheets", "visualize"),
    ),
    "describe": ("localizer", "exported.engine", "evaluation.report", "evaluation.rows"),
}
# The doors of the house may open every room, but only when somebody comes in.
DOORS = ("__init__", "__main__", "cli")
NO_TORCH = (*BASE, "output", "results", "export", "convert")
GROUND_TRUTH = {"open_truth", "GroundTruth", "Truth"}


def module_name(file: Path) -> str:
    parts = file.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def imported(tree: ast.AST) -> Iterator[tuple[str, bool]]:
    """Every imported module of `tree`, and whether it is imported as soon as the file is."""
    late = {node for part in ast.walk(tree) if _is_late(part) for node in ast.walk(part)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((name.name, node not in late) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((f"{node.module}.{name.name}", node not in late) for name in node.names)


def _is_late(node: ast.AST) -> bool:
    typing_only = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    return isinstance(node, ast.FunctionDef) or typing_only


def within(name: str, prefixes: tuple[str, ...]) -> bool:
    return any(name == prefix or name.startswith(prefix + ".") for prefix in prefixes)


def rule_for(module: str) -> tuple[str, ...] | None:
    """The most specific entry of `MAY_IMPORT` that covers `module`."""
    fitting = [key for key in MAY_IMPORT if within(module, (key,))]
    return (max(fitting, key=len), *MAY_IMPORT[max(fitting, key=len)]) if fitting else None


def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


each_file = pytest.mark.parametrize("file", FILES, ids=[module_name(file) for file in FILES])


@each_file
def test_imports_go_one_way(file: Path) -> None:
    module = module_name(file)
    if within(module, DOORS):
        heavy = ("torch", "numpy", "cv2", "matplotlib", "pydantic", "rich", "aln")
        light = ("aln.errors", "aln.cli", "aln.version")
        at_once = {name for name, now in imported(parsed(file)) if now}
        wrong = {name for name in at_once if within(name, heavy) and not within(name, light)}
        assert not wrong, f"{module} imports {wrong} before it is needed"
        return
    allowed = rule_for(module)
    assert allowed is not None, f"say in MAY_IMPORT what aln.{module} stands on"
    ours = {name.removeprefix("aln.") for name, _ in imported(parsed(file)) if within(name, ("aln",))}
    wrong = {name for name in ours if not within(name, (*allowed, "__version__"))}
    assert not wrong, f"aln.{module} must not import {wrong}"


@pytest.mark.parametrize("file", [f for f in FILES if within(module_name(f), NO_TORCH)], ids=module_name)
def test_the_ground_floor_knows_no_torch(file: Path) -> None:
    assert not {name for name, _ in imported(parsed(file)) if within(name, ("torch",))}


# The supervised ceiling is no weakly supervised training, and says so; nothing else may see its boxes.
OF_THE_CEILING = ("training.boxed", "training.variants.supervised")
WEAK = [f for f in FILES if within(module_name(f), ("training",)) and module_name(f) not in OF_THE_CEILING]


@pytest.mark.parametrize("file", WEAK, ids=module_name)
def test_training_never_names_ground_truth(file: Path) -> None:
    names = {name.rpartition(".")[2] for name, _ in imported(parsed(file))}
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.Attribute | ast.Name):
            names.add(node.attr if isinstance(node, ast.Attribute) else node.id)
    assert not names & GROUND_TRUTH
    modules = {name.removeprefix("aln.") for name, _ in imported(parsed(file))}
    assert not {name for name in modules if within(name, ("training.boxed",))}


@each_file
def test_files_are_small(file: Path) -> None:
    assert len(file.read_text(encoding="utf-8").splitlines()) <= 300


@each_file
def test_input_is_never_checked_by_assert(file: Path) -> None:
    assert not [node.lineno for node in ast.walk(parsed(file)) if isinstance(node, ast.Assert)]


@each_file
def test_no_machine_is_named(file: Path) -> None:
    assert not re.findall(
        r"[\"'](?:/home|/work|/root|/tmp|/Users|[A-Z]:\\)[^\"']*", file.read_text(encoding="utf-8")
    )


def loaded_by(*command: str) -> set[str]:
    """Top-level names in `sys.modules` after `command` ran in a fresh interpreter."""
    script = "\n".join(
        [
            "import atexit, json, sys",
            "atexit.register(lambda: print('\\n' + json.dumps([m.split('.')[0] for m in sys.modules])))",
            *command,
        ]
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("arguments", [["--help"], ["train", "--help"], ["localize", "--help"]], ids=" ".join)
def test_help_is_light(arguments: list[str]) -> None:
    loaded = loaded_by(f"sys.argv = {['aln', *arguments]!r}", "from aln.cli import main", "main()")
    assert "aln" in loaded
    assert not loaded & {"torch", "numpy", "cv2", "matplotlib", "tensorboard"}


def test_the_ground_floor_loads_without_torch() -> None:
    assert "torch" not in loaded_by(*(f"import aln.{module}" for module in BASE))
