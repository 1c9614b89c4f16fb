"""What a localization method is: a function from networks and a batch to raw score maps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from aln.registry import Registry

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
        superpixels: True where the score map is constant on superpixels, so that the localizer may sharpen it
            with the superpixels of the original photograph.
        needs_corruption_net: True where the method can't run on a classifier alone.
    """

    name: str
    function: MethodFunction
    cite: str
    summary: str
    superpixels: bool = False
    needs_corruption_net: bool = False


METHODS: Registry[Method] = Registry("method")


def register(
    name: str, *, cite: str, superpixels: bool = False, needs_corruption_net: bool = False
) -> Callable[[MethodFunction], MethodFunction]:
    """Register a method under `name`; one file in `aln/methods/` and one import line in its `__init__`."""

    def add(function: MethodFunction) -> MethodFunction:
        summary = (function.__doc__ or "").strip().splitlines()[0]
        METHODS.add(name, Method(name, function, cite, summary, superpixels, needs_corruption_net))
        return function

    return add
