"""The resize of `aln.data.images.resize_to_input` as an ONNX graph, to the very same bytes.

ONNX's own `Resize` rounds otherwise than OpenCV does, and one grey level is enough to move a score map. So
OpenCV's arithmetic is written out: area averaging in single precision, one source row after the other, and
linear interpolation in fixed point with 11 bits. The loop over the rows that one target row covers keeps
memory at the size of the result, whatever the photograph's.

onnxscript compiles these functions: their bodies become graphs and never run as Python, so operators stand
where NumPy would have functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import onnxscript
from onnx import TensorProto
from onnxscript import script
from onnxscript.values import Opset

OPSET = 18
op: Any = onnxscript.opset18
if TYPE_CHECKING:
    Value = Any
else:
    Value = onnxscript.FLOAT[...]  # onnxscript wants a tensor; its kind makes no difference

DOMAIN = Opset("aln", 1)
"""Where these functions live in the file."""

FLOAT, DOUBLE = TensorProto.FLOAT, TensorProto.DOUBLE
UINT8, INT32, INT64 = TensorProto.UINT8, TensorProto.INT32, TensorProto.INT64


@script(DOMAIN, default_opset=op)
def averaged(values: Value, side: Value, whole: Value) -> Value:
    """Shrink (B, L, N, C) to (B, side, N, C): sums of rows, each weighted by its share of the target row.

    Where all sides divide without a rest (`whole`), OpenCV adds up whole rows and divides in the end.
    """
    length = op.Cast(op.Gather(op.Shape(values), 1), to=DOUBLE)
    ratio = 1.0 / (op.Cast(side, to=DOUBLE) / length)
    scale = op.Where(whole, op.Round(ratio), ratio)
    start = op.Cast(op.Range(0, side, 1), to=DOUBLE) * scale
    end = start + scale
    last = op.Min(op.Floor(end), length - 1.0)
    first = op.Min(op.Ceil(start), last)
    share = op.Min(scale, length - start)
    unit = op.Where(whole, 1.0, share)
    head = op.Where(first - start > 0.001, (first - start) / unit, 0.0)
    tail = op.Where(end - last > 0.001, op.Min(end - last, 1.0, share) / unit, 0.0)
    total = 0.0 * op.Cast(op.Gather(values, op.Cast(start, to=INT64), axis=1), to=FLOAT)
    for k in range(op.Cast(op.Ceil(scale), to=INT64) + 2):
        row = first - 1.0 + op.Cast(k, to=DOUBLE)
        beyond = op.Where(row == last, tail, 0.0)
        within = op.Where(row < last, 1.0 / unit, beyond)
        weight = op.Cast(op.Where(row < first, head, within), to=FLOAT)
        existing = op.Cast(op.Max(op.Min(row, length - 1.0), 0.0), to=INT64)
        total = total + op.Cast(op.Gather(values, existing, axis=1), to=FLOAT) * op.Unsqueeze(weight, [1, 2])
    return total


@script(DOMAIN, default_opset=op)
def shrunk(images: Value, height: Value, width: Value) -> Value:
    """uint8 (B, H, W, C) to (B, height, width, C) as INTER_AREA does; neither side may grow."""
    shape = op.Shape(images)
    rows = op.Gather(shape, 1)
    columns = op.Gather(shape, 2)
    whole = op.And(rows % height == 0, columns % width == 0)
    across = averaged(op.Transpose(images, perm=[0, 2, 1, 3]), width, whole)
    sums = averaged(op.Transpose(across, perm=[0, 2, 1, 3]), height, whole)
    pixels = op.Cast((rows / height) * (columns / width), to=FLOAT)
    means = op.Round(sums * op.Where(whole, 1.0 / pixels, 1.0))
    halves_up = op.And(whole, op.And(rows == height * 2, columns == width * 2))
    return op.Cast(op.Where(halves_up, op.Floor((sums + 2.0) / 4.0), means), to=UINT8)


@script(DOMAIN, default_opset=op)
def positions(length: Value, side: Value) -> Value:
    """Where the centres of `side` target pixels lie among `length` source pixels, float64 (side,)."""
    ratio = 1.0 / (op.Cast(side, to=DOUBLE) / op.Cast(length, to=DOUBLE))
    return (op.Cast(op.Range(0, side, 1), to=DOUBLE) + 0.5) * ratio - 0.5


@script(DOMAIN, default_opset=op)
def grown(images: Value, side: Value) -> Value:
    """uint8 (B, h, w, C) to (B, side, side, C) as INTER_LINEAR does; neither side may shrink."""
    shape = op.Shape(images)
    rows = op.Gather(shape, 1)
    columns = op.Gather(shape, 2)
    values = op.Cast(images, to=INT32)

    x = op.Cast(positions(columns, side), to=FLOAT)
    left = op.Floor(x)
    inside = op.And(left >= 0.0, op.Cast(left, to=INT64) < columns - 1)
    right_part = op.Where(inside, x - left, 0.0)
    x0 = op.Max(op.Min(op.Cast(left, to=INT64), columns - 1), 0)
    x1 = op.Min(x0 + 1, columns - 1)
    a0 = op.Unsqueeze(op.Cast(op.Round((1.0 - right_part) * 2048.0), to=INT32), [1])
    a1 = op.Unsqueeze(op.Cast(op.Round(right_part * 2048.0), to=INT32), [1])
    wide = (op.Gather(values, x0, axis=2) * a0 + op.Gather(values, x1, axis=2) * a1) / 16

    y = op.Cast(positions(rows, side), to=FLOAT)
    top = op.Floor(y)
    lower_part = y - top  # at the edges both rows are the same one, and weighted all the same
    y0 = op.Max(op.Min(op.Cast(top, to=INT64), rows - 1), 0)
    y1 = op.Max(op.Min(op.Cast(top, to=INT64) + 1, rows - 1), 0)
    b0 = op.Unsqueeze(op.Cast(op.Round((1.0 - lower_part) * 2048.0), to=INT32), [1, 2])
    b1 = op.Unsqueeze(op.Cast(op.Round(lower_part * 2048.0), to=INT32), [1, 2])
    upper = op.Gather(wide, y0, axis=1) * b0 / 65536
    lower = op.Gather(wide, y1, axis=1) * b1 / 65536
    return op.Cast((upper + lower + 2) / 4, to=UINT8)


@script(DOMAIN, default_opset=op)
def resized(images: Value, side: Value) -> Value:
    """uint8 (B, H, W, 3) of any size to (B, side, side, 3)."""
    shape = op.Shape(images)
    rows = op.Gather(shape, 1)
    columns = op.Gather(shape, 2)
    if op.And(rows == side, columns == side):
        pixels = op.Identity(images)
    else:
        pixels = grown(shrunk(images, op.Min(rows, side), op.Min(columns, side)), side)
    return pixels


@script(DOMAIN, default_opset=op)
def front(images: Value, segments: Value, classes: Value) -> tuple[Value, Value, Value]:
    """Photographs uint8 (B, H, W, 3) at the networks' size; superpixels int64 (B or 1, S, S) and classes
    int64 (B or 1) for each."""
    shape = op.Shape(segments)
    pixels = resized(images, op.Gather(shape, 1))
    count = op.Shape(images, start=0, end=1)
    labels = op.Expand(segments, op.Concat(count, op.Shape(segments, start=1), axis=0))
    wanted = op.Expand(classes, count)
    return pixels, labels, wanted
