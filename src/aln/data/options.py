"""The options of a data format, declared once as a pydantic model."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from aln.data.base import Options
from aln.errors import ConfigError


class FormatOptions(BaseModel):
    """Base of every format's options; on its own: the format has none."""

    model_config = ConfigDict(extra="forbid", frozen=True)


OptionsT = TypeVar("OptionsT", bound=BaseModel)


def parse_options(model: type[OptionsT], options: Options, name: str, kind: str = "data format") -> OptionsT:
    """Check `options` against those of the format, or another `kind` of thing, called `name`.

    Raises:
        ConfigError: For an unknown option or a bad value; names the valid options.
    """
    try:
        return model.model_validate(dict(options))
    except ValidationError as error:
        fault = error.errors()[0]
        option = ".".join(map(str, fault["loc"]))
        problem = "is unknown" if fault["type"] == "extra_forbidden" else fault["msg"]
        valid = ", ".join(model.model_fields) or "none"
        raise ConfigError(f"{kind} {name!r}: option {option!r} {problem}; its options: {valid}") from error
