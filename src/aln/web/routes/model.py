"""What the model is and what can be chosen."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from aln.boxes import RULES
from aln.export import FORMATS
from aln.methods import METHODS
from aln.web.desk import TheDesk
from aln.web.reviewed import CLASS_FOLDER
from aln.web.routes.common import PROBLEMS

router = APIRouter(prefix="/api", tags=["model"], responses=PROBLEMS)


class Choosable(BaseModel):
    """Something to choose by name."""

    name: str
    summary: str


class Number(BaseModel):
    """The number that a threshold rule needs, both ends included."""

    meaning: str
    low: float
    high: float


class RuleEntry(Choosable):
    """A threshold rule; written "name" or "name:number"."""

    number: Number | None


class Model(BaseModel):
    """The model's classes, what can be chosen, and its own choices."""

    classes: list[str]
    methods: list[Choosable]
    rules: list[RuleEntry]
    formats: list[Choosable]
    method: str
    rule: str
    boxes: str
    folder: str | None


@router.get("/model")
def model(desk: TheDesk) -> Model:
    """Classes, methods, threshold rules and export formats, with the model's own choices."""
    settings = desk.workshop.localizer.config.localize
    formats = [Choosable(name=name, summary=FORMATS[name].summary) for name in FORMATS]
    class_folder = Choosable(name=CLASS_FOLDER, summary="Photographs in class folders, for another training.")
    return Model(
        classes=list(desk.class_names),
        methods=[Choosable(name=name, summary=METHODS[name].summary) for name in desk.workshop.methods()],
        rules=[_rule(name) for name in RULES],
        formats=[*formats, class_folder],
        method=settings.method,
        rule=settings.rule,
        boxes=settings.boxes,
        folder=None if desk.album.folder is None else desk.album.folder.resolve().name,
    )


def _rule(name: str) -> RuleEntry:
    kind = RULES[name]
    argument = kind.argument
    number = (
        None if argument is None else Number(meaning=argument.meaning, low=argument.low, high=argument.high)
    )
    return RuleEntry(name=name, summary=kind.summary, number=number)
