"""Writes the page `choices.md`: all that is chosen by name, and all settings, read from the registries."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from pydantic import BaseModel

INTRODUCTION = """# Methods, rules and settings

Made from the registries of the package: what stands here is what the installed version has.
"""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the page before MkDocs reads any."""
    from mkdocs.structure.files import File

    files.append(File.generated(config, "choices.md", content=page()))
    return files


def page() -> str:
    """The page as Markdown."""
    return "\n".join([INTRODUCTION, _methods(), _rules(), _formats(), _settings()])


def _methods() -> str:
    from aln.methods import METHODS

    rows = [
        (f"`{name}`", METHODS[name].summary, _options(METHODS[name].function), METHODS[name].cite)
        for name in METHODS
    ]
    return (
        "## Localization methods\n\n`aln localize --method NAME`; in Python their options too: "
        '`model.localize(paths, method="rise", masks=200)`.\n\n'
        + _table(("method", "what it does", "options", "source"), rows)
    )


def _options(function: Any) -> str:
    parameters = inspect.signature(function).parameters.values()
    return ", ".join(f"`{p.name}={p.default}`" for p in parameters if p.kind is p.KEYWORD_ONLY)


def _rules() -> str:
    from aln.boxes import RULES

    rows = []
    for name in RULES:
        argument = RULES[name].argument
        number = f"{argument.meaning}, {argument.low:g} to {argument.high:g}" if argument else ""
        rows.append((f"`{name}:NUMBER`" if argument else f"`{name}`", RULES[name].summary, number))
    return "## Threshold rules\n\n`--rule NAME`\n\n" + _table(("rule", "threshold", "NUMBER"), rows)


def _formats() -> str:
    from aln.data import FORMATS as LAYOUTS
    from aln.export import FORMATS
    from aln.superpixels import ALGORITHMS

    return "\n".join(
        [
            "## Annotation formats\n\n`--to NAME`; see [annotation tools](annotation-tools.md).\n",
            _table(("format", "what it writes"), [(f"`{name}`", FORMATS[name].summary) for name in FORMATS]),
            "## Layouts of photographs\n\n`--format NAME`; recognised where it isn't given.\n",
            _table(("layout", "what it is"), [(f"`{name}`", LAYOUTS[name].summary) for name in LAYOUTS]),
            *[_layout_options(name, model) for name in LAYOUTS if (model := LAYOUTS[name].options)],
            "## Superpixel algorithms\n\n`--set superpixels.algorithm=NAME`\n",
            ", ".join(f"`{name}`" for name in ALGORITHMS) + "\n",
        ]
    )


def _layout_options(name: str, model: type[BaseModel]) -> str:
    about, _, attributes = inspect.cleandoc(model.__doc__ or "").partition("\nAttributes:\n")
    said = dict(re.findall(r"^    (\w+): (.+(?:\n {8}.+)*)", attributes, re.MULTILINE))
    rows = [
        (f"`data.options.{key}`", _shown(field.default), " ".join(said[key].split()))
        for key, field in model.model_fields.items()
    ]
    return f"### Options of `{name}`\n\n{about}\n" + _table(("key", "default", "what it is"), rows)


def _settings() -> str:
    from aln.config import Config, load_config, preset_names

    presets = {name: load_config(name) for name in preset_names() if name != "default"}
    others = ", ".join(f"`{name}`" for name in presets)
    parts = [
        "## Settings\n\n`--set section.key=value`, as often as needed. A run keeps its own in "
        f"`config.toml`. The last column says where a preset differs ({others}).\n"
    ]
    for section in Config.model_fields:
        default = getattr(load_config(), section)
        if isinstance(default, str):
            continue
        rows = [
            (f"`{key}`", _shown(getattr(default, key)), _differences(presets, section, key, default))
            for key in type(default).model_fields
        ]
        parts += [f"### {section}\n", _about(type(default)), _table(("key", "default", "presets"), rows)]
    return "\n".join(parts)


def _about(section: type[BaseModel]) -> str:
    return inspect.cleandoc(section.__doc__ or "") + "\n"


def _differences(presets: dict[str, Any], section: str, key: str, default: BaseModel) -> str:
    values = {name: getattr(getattr(config, section), key) for name, config in presets.items()}
    return ", ".join(f"`{name}`: {_shown(v)}" for name, v in values.items() if v != getattr(default, key))


def _shown(value: object) -> str:
    """A value as it is typed behind `--set key=`."""
    if value is None or value in ("", {}):
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"`{text.replace('(', '[').replace(')', ']')}`"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return (
        "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
        + "\n"
    )
