"""The model at work for many at once: one after the other, with what was lately computed kept at hand."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from threading import RLock
from typing import TYPE_CHECKING, Generic, TypeVar

from aln.boxes import FloatArray, binarise, boxes_from_mask, parse_rule
from aln.data.base import Image
from aln.errors import AlnError, ConfigError
from aln.localization import BoolArray, Localization
from aln.methods import METHODS
from aln.score_map import fine_superpixels
from aln.superpixels.base import Segments

if TYPE_CHECKING:
    from aln.localizer import Boxes, Localizer

T = TypeVar("T")

KEPT_BYTES = 256 * 2**20
"""How much of each kind (photographs, results) is kept at hand."""


@dataclass(frozen=True)
class Choice:
    """How to localize; None stands for the model's own.

    Attributes:
        method: Name of a registered method.
        rule: Threshold rule as written.
        label: Name of the class to localize; None for the one that the classifier ranks first.
        boxes: "largest" or "all".
    """

    method: str | None = None
    rule: str | None = None
    label: str | None = None
    boxes: Boxes | None = None


class Recent(Generic[T]):
    """The values that were asked for last, up to a number of bytes."""

    def __init__(self, size: Callable[[T], int], room: int = KEPT_BYTES) -> None:
        self._size = size
        self._room = room
        self._values: OrderedDict[Hashable, T] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The value under `key`, made where it is not there; the oldest ones make room."""
        if key not in self._values:
            self._values[key] = make()
        self._values.move_to_end(key)
        while len(self._values) > 1 and sum(map(self._size, self._values.values())) > self._room:
            self._values.popitem(last=False)
        return self._values[key]


class Workshop:
    """A localizer for many threads: whoever comes waits for the one before.

    Photographs are known by a key that changes when their content does (`Hashable`), so that a second look
    with another rule computes nothing but the threshold.
    """

    def __init__(self, localizer: Localizer) -> None:
        self.localizer = localizer
        self.lock = RLock()
        self._photographs: Recent[Image] = Recent(lambda image: image.nbytes)
        self._found: Recent[Localization] = Recent(lambda found: found.score_map.nbytes + found.mask.nbytes)

    def photograph(self, key: Hashable, read: Callable[[], Image]) -> Image:
        """A decoded photograph, read by `read` where it isn't at hand."""
        with self.lock:
            return self._photographs.get(key, read)

    def localize(self, image: Image, name: str, choice: Choice, key: Hashable = None) -> Localization:
        """What is found in a photograph.

        Args:
            image: RGB uint8 (H, W, 3).
            name: Its id in the result.
            choice: How to localize.
            key: What the score map is remembered by; None: it isn't.

        Raises:
            ConfigError: For an unknown method, rule or class.
            ModelError: If the method needs a network that the model lacks.
        """
        rule = parse_rule(choice.rule or self.localizer.config.localize.rule)
        with self.lock:
            found = self.scored(image, name, choice, key)
            mask = binarise(found.score_map, rule)
            boxes, scores = self.boxes(mask, found.score_map, choice.boxes)
        return replace(found, mask=mask, boxes=boxes, box_scores=scores, rule=rule.text)

    def scored(self, image: Image, name: str, choice: Choice, key: Hashable = None) -> Localization:
        """As `localize`, for who needs the score map alone: mask and boxes are those of any rule."""
        method = choice.method or self.localizer.config.localize.method
        label = None if choice.label is None else self.index(choice.label)

        def fresh() -> Localization:
            labels = None if label is None else [label]
            return next(self.localizer.localize([(name, image)], labels=labels, method=method))

        with self.lock:
            return fresh() if key is None else self._found.get((key, method, label), fresh)

    def boxes(
        self, mask: BoolArray, score_map: FloatArray, mode: Boxes | None
    ) -> tuple[FloatArray, FloatArray]:
        """Boxes float32 (N, 4) and scores (N,) around the parts of a mask; none where it is empty."""
        settings = self.localizer.config.localize
        return boxes_from_mask(mask, score_map, mode or settings.boxes, settings.min_area)

    def superpixels(self, image: Image) -> Segments:
        """The pieces that a person switches on and off, int32 (h, w) of the photograph scaled down."""
        with self.lock:
            return fine_superpixels(image, self.localizer.config.superpixels)

    def methods(self) -> list[str]:
        """Names of the methods that this model can run."""

        def runs(name: str) -> bool:
            try:
                self.localizer.task(name)
            except AlnError:
                return False
            return True

        return [name for name in METHODS if runs(name)]

    def index(self, name: str) -> int:
        """Index of a class.

        Raises:
            ConfigError: If the model has none of this name.
        """
        if name not in self.localizer.class_names:
            raise ConfigError(f"there is no class {name!r}; the model's classes are listed at /api/model")
        return self.localizer.class_names.index(name)
