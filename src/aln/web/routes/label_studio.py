"""A machine learning backend of Label Studio: https://labelstud.io/guide/ml_create."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from aln.web import label_studio
from aln.web.desk import TheDesk
from aln.web.routes.common import PROBLEMS

router = APIRouter(tags=["Label Studio"], responses=PROBLEMS)
VERSION = f"aln {version('aln')}"


class Setup(BaseModel):
    """What Label Studio tells of its project; only the labelling interface is looked at."""

    model_config = ConfigDict(extra="allow")
    label_config: Annotated[str | None, Field(alias="schema")] = None


class Tasks(BaseModel):
    """Tasks to predict, and the labelling interface that predictions must fit."""

    model_config = ConfigDict(extra="allow")
    tasks: Annotated[list[dict[str, Any]], Field(max_length=1000)]
    label_config: str | None = None


class Predictions(BaseModel):
    """A prediction a task, in the tasks' order."""

    results: list[dict[str, Any]]


@router.get("/health")
def health() -> dict[str, str]:
    """Whether the model is ready."""
    return {"status": "UP", "model_class": "aln"}


@router.post("/setup")
def setup(setup: Setup) -> dict[str, str]:
    """Called when the backend is connected to a project."""
    if setup.label_config:
        label_studio.names_in(setup.label_config)
    return {"model_version": VERSION}


@router.post("/predict")
def predict(desk: TheDesk, body: Tasks) -> Predictions:
    """Boxes and brush strokes for each task."""
    results = label_studio.predictions(desk, body.tasks, body.label_config)
    return Predictions(results=[{**result, "model_version": VERSION} for result in results])
