"""From photographs on disk to a folder of results: a stream in constant memory that can be continued."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from aln.boxes import parse_rule
from aln.config import changed
from aln.convert import convert, parse_formats, remove_annotations
from aln.data.base import Image
from aln.data.folder import list_images
from aln.data.folder_labels import ClassFrom, folder_labels
from aln.data.images import read_image
from aln.data.notices import listed
from aln.data.store import file_digest
from aln.errors import AlnError, DataError
from aln.export import FORMATS
from aln.exported.quickest import load_quickest
from aln.localizer import Localizer
from aln.model_io import fingerprint
from aln.output import ResultFolder, alone, common_folder, image_ids
from aln.progress import progress_bar
from aln.result_pictures import require_name
from aln.visualize import overlay

SHOWN_FAILURES = 20


@dataclass(frozen=True)
class Summary:
    """What a call did.

    Attributes:
        localized: Images localized.
        skipped: Images skipped, as they were done before.
        failures: Why others could not be read, by image id.
        not_written: Why some annotation format could not be written; empty where all were.
    """

    localized: int
    skipped: int
    failures: Mapping[str, str]
    not_written: str = ""

    @property
    def nothing_found(self) -> bool:
        """Whether there are no results at all, neither of this call nor of one before."""
        return not self.localized + self.skipped

    def lines(self) -> Iterator[str]:
        """In words, one line each."""
        before = f", {self.skipped} done before" if self.skipped else ""
        yield f"{self.localized} localized{before}, {len(self.failures)} failed"
        yield from list(self.failures.values())[:SHOWN_FAILURES]
        if len(self.failures) > SHOWN_FAILURES:
            yield f"... and {len(self.failures) - SHOWN_FAILURES} more, all listed in failures.jsonl"
        if self.not_written:
            yield f"Not all annotations are written: {self.not_written}"


def localize_run(
    run: Path | str,
    paths: Sequence[Path | str],
    out: Path | str,
    settings: Mapping[str, str | float],
    *,
    overlays: bool = True,
    redo: bool = False,
    strict: bool = False,
    formats: Sequence[str] = (),
    class_from: ClassFrom = "model",
    device: str = "auto",
    console: Console | None = None,
) -> Summary:
    """Localize the photographs in `paths` with the model in `run`, into the folder `out`.

    Args:
        run: Model folder, or an exported model.
        paths: Photographs and folders of photographs.
        out: Folder of results; what it holds already from the same model, settings and photographs is kept
            and skipped.
        settings: Changes to the model's own `LocalizeConfig`.
        overlays: Draw each result over its photograph.
        redo: Replace earlier results instead of continuing them.
        strict: Raise for the first photograph that can't be read.
        formats: Annotation formats to write in the end, of all results that are in `out` then; those of
            earlier calls are written again (`aln.convert.convert`).
        class_from: The class to find in each photograph: "model", the one that the model ranks first, or
            "folder", the one that its folder is named after.
        device: Where the networks run, as torch names it; auto: on the GPU where there is one.
        console: Where the progress bar goes; standard error by default.

    Raises:
        AlnError: For a folder that is no model, an unknown or malformed setting, an unknown method, rule,
            format or device, a format that has no place for a class of the model, a missing path, results of
            another model or other settings in `out`, or an `out` that can't be written; with `class_from`
            "folder" for a photograph that lies in no folder of the model's classes; with `strict` for a
            format that can't be written.
    """
    run, out = Path(run), Path(out)
    root, photographs = find_photographs([Path(path) for path in paths], out)
    method = settings.get("method")
    localizer = load_quickest(run, device, None if method is None else str(method))
    own = localizer.config.localize
    chosen = changed(own, settings)
    localizer = replace(localizer, config=localizer.config.model_copy(update={"localize": chosen}))
    localizer.task(chosen.method)
    parse_rule(chosen.rule)
    for name in parse_formats(formats):
        FORMATS[name].check(localizer.class_names)
    labels = folder_labels(photographs, root, localizer.class_names) if class_from == "folder" else None
    made_by = {
        "model": fingerprint(run),
        "method": chosen.method,
        "rule": chosen.rule,
        "boxes": chosen.boxes,
        "min_area": chosen.min_area,
        "class_from": class_from,
        "photographs": str(root),
        "classes": list(localizer.class_names),
    }
    with alone(out):
        folder = ResultFolder(out, made_by, redo=redo, unsaid={"min_area": own.min_area})
        tell = partial((console or Console(stderr=True)).print, markup=False, soft_wrap=True)
        if redo:
            remove_annotations(out, tell)
        summary = localize_into(
            folder, localizer, photographs, labels=labels, overlays=overlays, strict=strict, console=console
        )
        try:
            convert(out, formats, tell=tell)
        except AlnError as error:
            if strict:
                raise
            summary = replace(summary, not_written=str(error))
    return summary


def find_photographs(paths: Sequence[Path], out: Path) -> tuple[Path, dict[str, Path]]:
    """The photographs that `paths` name, by image id, and the folder that their ids are relative to.

    What lies in `out` is left out: results are no photographs, also where they go among them.

    Raises:
        DataError: If a path is missing, a folder holds no photographs, all of them lie in `out`, or they lie
            on several drives.
    """
    results = out.resolve()
    there = list(list_images(paths))
    files = [file for file in there if results not in file.resolve().parents]
    if there and not files:
        raise DataError(
            f"{out}: all photographs ({len(there)}) lie in this folder, where results are to go and no "
            "photograph is looked for; choose another --out folder, beside the photographs or below them "
            f"({out / 'found'})"
        )
    root = common_folder(paths)
    return root, dict(zip(image_ids(files, root), files, strict=True))


def localize_into(
    folder: ResultFolder,
    localizer: Localizer,
    photographs: Mapping[str, Path],
    *,
    labels: Mapping[str, int] | None = None,
    overlays: bool = True,
    strict: bool = False,
    console: Console | None = None,
) -> Summary:
    """Localize `photographs` as `localizer.config.localize` says, and write each result as it comes.

    Each for its class in `labels`, by image id, or else for the one that the model ranks first. Those that
    are done are skipped, but for photographs that have changed since: their results are replaced.

    Raises:
        DataError: If a result can't be written, or with `strict` for the first photograph that can't be read
            or whose name is too long.
        KeyboardInterrupt: On Ctrl-C, after saying how to continue.
    """
    failures: dict[str, str] = {}
    waiting: dict[str, tuple[Image, str]] = {}  # the batch under way: decoded, not yet localized
    asked: deque[int] = deque()  # the class of the photograph that was given to the localizer last
    with progress_bar(console) as progress:
        _forget_changed(folder, photographs, progress)
        todo = {image_id: path for image_id, path in photographs.items() if image_id not in folder.done}
        bar = progress.add_task("localizing", total=len(todo))

        def readable() -> Iterator[tuple[str, Image]]:
            for image_id, path in todo.items():
                try:
                    require_name(image_id)
                    digest = file_digest(path).hex()
                    image = read_image(path)
                except DataError as error:
                    if strict:
                        raise
                    failures[image_id] = str(error)
                    folder.fail(image_id, str(error))
                    progress.advance(bar)
                else:
                    waiting[image_id] = image, digest
                    if labels is not None:
                        asked.append(labels[image_id])
                    yield image_id, image

        try:
            classes = None if labels is None else iter(asked.popleft, None)
            for found in localizer.localize(readable(), labels=classes):
                image, digest = waiting.pop(found.image_id)
                folder.write(found, overlay(image, found) if overlays else None, digest)
                progress.advance(bar)
        except KeyboardInterrupt:
            progress.console.print(
                "Stopped. What is done is kept: the same command continues", soft_wrap=True
            )
            raise
    return Summary(len(todo) - len(failures), len(photographs) - len(todo), failures)


def _forget_changed(folder: ResultFolder, photographs: Mapping[str, Path], progress: Progress) -> None:
    """Forget the results of photographs that have changed since, and say so."""
    done = [(image_id, path) for image_id, path in photographs.items() if image_id in folder.done]
    if not done:
        return
    if others := folder.changed(progress.track(done, description="comparing")):
        folder.forget(others)
        progress.console.print(
            f"{folder.path}: photographs that have changed since are localized again ({len(others)}): "
            f"{listed(others)}",
            soft_wrap=True,
            markup=False,
        )
