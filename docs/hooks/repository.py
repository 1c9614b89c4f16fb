"""Brings what pages link to outside of docs/ into the site: results, sources, notebooks.

On a code host such links lead into the repository. The site has no repository beside it, so each file that is
linked becomes a page (Markdown as it is, a notebook by its cells, a folder by its pages, any other text as
code), and the links are turned there.
"""

from __future__ import annotations

import json
import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import File, Files
    from mkdocs.structure.pages import Page

DOCS = "docs/"
HOME = "repository/"
LINK = re.compile(r"(?<=\]\()([^)\s#:]+)(?=[#)])")
PICTURES = (".png", ".jpg", ".svg")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add every repository file that a page links to, and what those link to."""
    root = Path(config.config_file_path).parent
    waiting = [DOCS + file.src_uri for file in files.documentation_pages() if file.generated_by is None]
    while waiting:
        page = waiting.pop()
        for path in _linked(root, page):
            if not path.startswith(DOCS) and site_uri(root, path) not in files.src_uris:
                files.append(_added(root, path, config))
                waiting.append(path)
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn links that lead out of docs/, or back into it, to where their targets are in the site."""
    root = Path(config.config_file_path).parent
    uri = page.file.src_uri
    path = uri.removeprefix(HOME) if uri.startswith(HOME) else DOCS + uri

    def turned(match: re.Match[str]) -> str:
        target = _target(path, match[1])
        if not (root / target).exists():
            return match[1]  # a page made while building, or a fault that MkDocs names
        return posixpath.relpath(site_uri(root, target), posixpath.dirname(uri) or ".")

    return LINK.sub(turned, markdown)


def site_uri(root: Path, path: str) -> str:
    """Where a file of the repository lies in the site."""
    if path.startswith(DOCS):
        return path.removeprefix(DOCS)
    if (root / path).is_dir():
        return f"{HOME}{path}/index.md"
    return HOME + path if path.endswith((".md", *PICTURES)) else f"{HOME}{path}.md"


def _linked(root: Path, path: str) -> list[str]:
    """What a page of the repository links to, as far as it is there."""
    if not path.endswith((".md", ".ipynb")) and not (root / path).is_dir():
        return []
    page = f"{path}/index.md" if (root / path).is_dir() else path
    targets = [_target(page, link) for link in LINK.findall(content(root, path))]
    return [target for target in targets if (root / target).exists()]


def _target(page: str, link: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), link))


def _added(root: Path, path: str, config: MkDocsConfig) -> File:
    from mkdocs.structure.files import File, InclusionLevel

    uri = site_uri(root, path)
    if path.endswith(PICTURES):
        return File.generated(config, uri, abs_src_path=str(root / path))
    return File.generated(config, uri, content=content(root, path), inclusion=InclusionLevel.NOT_IN_NAV)


def content(root: Path, path: str) -> str:
    """A file of the repository as Markdown."""
    file = root / path
    if file.is_dir():
        pages = sorted(page.name for page in file.glob("*.md"))
        return "\n".join([f"# {path}\n", *(f"- [{Path(name).stem}]({name})" for name in pages)])
    text = file.read_text(encoding="utf-8")
    if path.endswith(".md"):
        return text
    if path.endswith(".ipynb"):
        return _cells(text)
    return f"# {path}\n\n````{file.suffix.removeprefix('.') or 'text'}\n{text}\n````\n"


def _cells(notebook: str) -> str:
    parts = []
    for cell in json.loads(notebook)["cells"]:
        source = "".join(cell["source"])
        parts.append(source if cell["cell_type"] == "markdown" else f"```python\n{source}\n```")
    return "\n\n".join(parts) + "\n"
