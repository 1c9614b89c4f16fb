"""What goes over the wire and into review files, checked by pydantic."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, field_validator

from aln.data.images import MAX_PIXELS
from aln.errors import DataError
from aln.localization import BoolArray, Localization
from aln.web.rle import from_counts, to_counts

Name = Annotated[str, Field(min_length=1, max_length=300)]
Count = Annotated[int, Field(ge=0, le=2**31)]
Side = Annotated[int, Field(ge=1, le=2**31)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Box(_Model):
    """A box in pixels of the original photograph, half-open: `x1 - x0` is its width."""

    x0: Annotated[float, Field(ge=0)]
    y0: Annotated[float, Field(ge=0)]
    x1: float
    y1: float
    score: Annotated[float, Field(ge=0, le=1, description="1 for boxes that a person drew")]


class Mask(_Model):
    """A mask in COCO's uncompressed run lengths, as `pycocotools.mask.frPyObjects` reads them."""

    size: Annotated[tuple[Side, Side], Field(description="Height, width")]
    counts: Annotated[list[Count], Field(description="Runs down the columns, the background first")]

    @field_validator("size")
    @classmethod
    def _fits_a_photograph(cls, size: tuple[int, int]) -> tuple[int, int]:
        if size[0] * size[1] > MAX_PIXELS:
            raise ValueError(f"no photograph has more than {MAX_PIXELS} pixels")
        return size

    @classmethod
    def of(cls, mask: BoolArray) -> Mask:
        """From bool (H, W)."""
        return cls(size=(mask.shape[0], mask.shape[1]), counts=to_counts(mask))

    def decoded(self) -> BoolArray:
        """As bool (H, W).

        Raises:
            DataError: If runs and size don't fit.
        """
        return from_counts(self.counts, *self.size)


class Result(_Model):
    """What the model finds in a photograph."""

    image: str
    width: int
    height: int
    label: Annotated[str, Field(description="The class that was localized")]
    predicted: Annotated[str, Field(description="The class that the classifier ranks first")]
    probabilities: Annotated[dict[str, float], Field(description="Of each class, for the whole photograph")]
    boxes: Annotated[list[Box], Field(description="Best first")]
    mask: Mask
    method: str
    rule: str

    @classmethod
    def of(cls, found: Localization, name: str) -> Result:
        """From a result; `name` is what the photograph is called."""
        return cls(
            image=name,
            width=found.width,
            height=found.height,
            label=found.class_name,
            predicted=found.class_names[found.predicted_label],
            probabilities=dict(zip(found.class_names, found.probabilities.tolist(), strict=True)),
            boxes=boxes_of(found),
            mask=Mask.of(found.mask),
            method=found.method,
            rule=found.rule,
        )


class Review(_Model):
    """What a person made of a result."""

    label: Name
    boxes: Annotated[list[Box], Field(max_length=1000)]
    mask: Mask
    method: Name
    rule: Name
    fitted: Annotated[bool, Field(description="Boxes follow the mask: none was moved by hand")] = True
    state: Literal["draft", "accepted"] = "draft"

    def localization(self, image_id: str, class_names: tuple[str, ...]) -> Localization:
        """The review as a result: its map is the mask, its class certain.

        Raises:
            DataError: If class, boxes or mask can't be those of one photograph.
        """
        if self.label not in class_names:
            raise DataError(f"there is no class {self.label!r}")
        label = class_names.index(self.label)
        mask = self.mask.decoded()
        boxes = sorted(self.boxes, key=lambda box: -box.score)
        try:
            return Localization(
                image_id=image_id,
                score_map=mask.astype(np.float32),
                mask=mask,
                boxes=np.array([[b.x0, b.y0, b.x1, b.y1] for b in boxes], np.float32).reshape(-1, 4),
                box_scores=np.array([box.score for box in boxes], np.float32),
                label=label,
                class_names=class_names,
                probabilities=np.eye(len(class_names), dtype=np.float32)[label],
                method=f"{self.method}, reviewed",
                rule=self.rule,
            )
        except ValueError as error:
            raise DataError(f"the review can't be used: {error}") from error


def boxes_of(found: Localization) -> list[Box]:
    """The boxes of a result, best first."""
    corners = zip(found.boxes.tolist(), found.box_scores.tolist(), strict=True)
    return [Box(x0=x0, y0=y0, x1=x1, y1=y1, score=score) for (x0, y0, x1, y1), score in corners]


class Problem(_Model):
    """Why there is no answer, in words."""

    error: str
