"""What a localization method is: a function from networks and a batch to raw score maps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from torch import Tensor, nn

from aln.errors import ModelError
from aln.models.networks import Networks
from aln.registry import Registry

Net = TypeVar("Net", bound=nn.Module)

MethodFunction = Callable[..., Tensor]
"""The signature that every method has: `(nets, images, labels, **options) -> scores`.

Args:
    nets: The trained `Networks`; left exactly as they were (flags, gradients, hooks), also on an error.
    images: float32 (B, 3, H, W), normalised so that 0 is the data mean.
    labels: int64 (B,), the class to localize in each image.
    options: Settings of the method's own: keyword-only numbers, all with defaults.

Returns:
    float32 (B, h, w) raw scores, any finite range, larger = more object.
"""


@dataclass(frozen=True)
class Method:
    """A registered method.

    Attributes:
        name: What the user types.
        function: See `MethodFunction`.
        cite: Where it was published ("Zhou et al., CVPR 2016").
        summary: One line: the first line of the function's docstring.
        superpixels: True where the score map follows superpixels, so that the localizer may sharpen it with
            those of the original photograph.
        needs_corruption_net: True where the method can't run on a classifier alone.
        extra: Name of the further network that the method can't run without (`aln.models.extras`), or "".
        own_rule: The threshold rule of the method's own paper; None where that needs boxes to be chosen, or
            is no threshold (Simonyan et al. cut the image along graphs).
    """

    name: str
    function: MethodFunction
    cite: str
    summary: str
    superpixels: bool = False
    needs_corruption_net: bool = False
    extra: str = ""
    own_rule: str | None = None


METHODS: Registry[Method] = Registry("method")


def register(
    name: str,
    *,
    cite: str,
    superpixels: bool = False,
    needs_corruption_net: bool = False,
    extra: str = "",
    own_rule: str | None = None,
) -> Callable[[MethodFunction], MethodFunction]:
    """Register a method under `name`; one file in `aln/methods/` and one import line in its `__init__`."""

    def add(function: MethodFunction) -> MethodFunction:
        summary = (function.__doc__ or "").strip().splitlines()[0]
        METHODS.add(
            name, Method(name, function, cite, summary, superpixels, needs_corruption_net, extra, own_rule)
        )
        return function

    return add


def extra_network(nets: Networks, method: str, kind: type[Net]) -> Net:
    """The further network that a method runs on.

    Raises:
        ModelError: If the model has none; says how to train one.
    """
    found = nets.extras.get(METHODS[method].extra)
    if not isinstance(found, kind):
        raise ModelError(missing_extra(METHODS[method]))
    return found


def missing_extra(method: Method) -> str:
    """What to tell the user where a model lacks the network of a trained peer."""
    return (
        f"method {method.name!r} needs a {method.extra.replace('_', ' ')}, which this model lacks; train one "
        f"with --set training.variant={method.name}"
    )
