"""`folder`: photographs in one folder for each class, and optional boxes and masks for evaluation.

    photos/
    ├── cat/…/*.jpg          any depth, any common format; the folder's name is the class
    ├── dog/…/*.jpg
    ├── boxes.csv            optional: image,x0,y0,x1,y1; half-open, original pixels; several rows an image
    └── masks/cat/…/*.png    optional: 001.png or 001.jpg.png for 001.jpg; all but 0 is object (`read_mask`)

The options `boxes` and `masks` name other places for the last two. The folder given is every split: train on
one folder, evaluate on another. Where one command does both, the options `test` and `fullsup` name folders of
the same layout for these splits; `boxes` and `masks` are then those of `test`, any other folder has its own
in it. Hidden names (a leading dot) and folders of results are left out; pictures of kinds that are not read
are counted on standard error. A photograph whose mask is empty is named there and has no ground truth,
whatever boxes it has.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from aln.data.base import FORMATS, DataFormat, GroundTruth, LabelledImages, Options, Split
from aln.data.folder_truth import MaskFolder, mask_files, read_boxes
from aln.data.notices import tell
from aln.data.options import FormatOptions, parse_options
from aln.data.store import FolderStore, file_digest
from aln.data.stored import Entry, StoredImages, fingerprint
from aln.data.truth import BoxTruth
from aln.data.walk import left_out, list_images, masks_folder, visible_folders, walk_images
from aln.errors import DataError

__all__ = ["list_images", "open_images", "open_truth", "revision"]


class FolderOptions(FormatOptions):
    """Where ground truth lies, for evaluation only, and where other splits lie.

    Attributes:
        boxes: A CSV file; by default `boxes.csv` in the folder, if there is one. Of the split `test`, and of
            others where they are the same folder.
        masks: A folder; by default `masks` in the folder, if it has the name of a class in it. Likewise.
        test: A folder beside the one given, or anywhere: the split `test`; by default the same.
        fullsup: Likewise the split `train-fullsup`.
    """

    boxes: str = ""
    masks: str = ""
    test: str = ""
    fullsup: str = ""

    def folder(self, path: Path, split: Split) -> Path:
        """The folder of a split of the photographs in `path`."""
        name = {"test": self.test, "train-fullsup": self.fullsup}.get(split)
        return path.absolute().parent / Path(name).expanduser() if name else path

    def places(self, path: Path, split: Split) -> tuple[Path, str, str]:
        """The folder of a split of the photographs in `path`, and `boxes` and `masks` as they hold for it."""
        folder = self.folder(path, split)
        return (folder, self.boxes, self.masks) if folder == self.folder(path, "test") else (folder, "", "")


def detect(path: Path) -> bool:
    """Any folder."""
    return path.is_dir()


def open_images(path: Path, split: Split, options: Options) -> LabelledImages:
    """All photographs below `path`, or below the folder that the options name for the split.

    Raises:
        DataError: If it is no folder, has no class folders, an empty one, or only one to train on.
    """
    chosen = parse_options(FolderOptions, options, "folder")
    path, _, masks_option = chosen.places(path, split)
    masks = _masks_folder(path, masks_option)
    classes = _class_folders(path, masks, least=2 if split == "train-weaksup" else 1)
    others: Counter[str] = Counter()
    entries = [
        Entry(image.relative_to(path).as_posix(), label)
        for label, folder in enumerate(classes)
        for image in walk_images(folder, others)
    ]
    hint = left_out(others)
    images = StoredImages(
        path.resolve().name,
        [folder.name for folder in classes],
        entries,
        FolderStore(path),
        where=str(path),
        layout="folder",
        hint=hint,
        least_classes=1,
    )
    if hint:
        tell(f"{path}: {hint}")
    return images


def open_truth(path: Path, split: Split, options: Options) -> GroundTruth | None:
    """Boxes and masks by image id; where an image has only a mask, its box is the one around it."""
    images = open_images(path, split, options)
    chosen = parse_options(FolderOptions, options, "folder")
    path, boxes_option, masks_option = chosen.places(path, split)
    folder = _masks_folder(path, masks_option)
    boxes_file = Path(boxes_option).expanduser() if boxes_option else path / "boxes.csv"
    if folder is None and not boxes_option and not boxes_file.is_file():
        return None
    ids = [images.image_id(index) for index in range(len(images))]
    photographs = {image_id: path / image_id for image_id in ids}
    boxes = read_boxes(boxes_file, photographs) if boxes_option or boxes_file.is_file() else {}
    if folder is None:
        return BoxTruth(boxes)
    masks = MaskFolder(path, folder, ids)
    around = masks.boxes()
    empty = {image_id: none for image_id, none in around.items() if not len(none)}
    return BoxTruth({**around, **boxes, **empty}, masks.read)


def revision(path: Path, options: Options) -> str:
    """A digest over what is measured on: photographs, boxes and masks of `test` and `train-fullsup`."""
    chosen = parse_options(FolderOptions, options, "folder")
    parts: list[str] = []
    for split in ("test", "train-fullsup"):
        folder, boxes, masks_option = chosen.places(path, split)
        masks = _masks_folder(folder, masks_option)
        files = [Path(boxes).expanduser() if boxes else folder / "boxes.csv"]
        files += mask_files(masks) if masks else []
        parts += [open_images(path, split, options).fingerprint()]
        parts += [f"{file.name} {file_digest(file).hex()}" for file in files]
    return fingerprint(parts)


def _masks_folder(path: Path, option: str) -> Path | None:
    if option:
        folder = Path(option).expanduser()
        if not folder.is_dir():
            raise DataError(f"{folder}: there is no such folder of masks; check data.options.masks")
        return folder
    return masks_folder(path) if path.is_dir() else None


def _class_folders(path: Path, masks: Path | None, *, least: int) -> list[Path]:
    if not path.is_dir():
        raise DataError(f"{path}: there is no such folder; give one that has a folder for each class")
    classes = [folder for folder in visible_folders(path) if masks is None or not folder.samefile(masks)]
    arrange = f"arrange the photographs as {path.name}/<class>/*.jpg"
    if not classes:
        raise DataError(f"{path}: has no class folders; {arrange}")
    if len(classes) < least:
        raise DataError(
            f"{path}: has one class only, {classes[0].name!r}; training needs two or more: {arrange}"
        )
    for folder in classes:
        if any("\ud800" <= letter <= "\udfff" for letter in folder.name):  # bytes that are no UTF-8
            raise DataError(f"{folder}: a class needs a name in UTF-8 to be saved with; rename the folder")
    return classes


FORMATS.add(
    "folder",
    DataFormat(
        "photographs in one folder for each class",
        detect,
        open_images,
        open_truth,
        revision,
        options=FolderOptions,
    ),
)
