"""Boxes from an exported model without aln and without torch: numpy, onnxruntime, opencv-contrib-python.

    aln export runs/birds birds.onnx
    python examples/onnx_only.py birds.onnx photo1.jpg photo2.jpg

Prints one JSON line a photograph: its likeliest class, the class's probability, and the box x0, y0, x1, y1
in pixels (x1 and y1 lie just outside), the very same as from `aln localize birds.onnx`. The networks, their
preprocessing and the class names are in the file; written out here is what happens around them: superpixels,
the way back to the photograph's size, the threshold rules "moments" and "paper", and the largest component.
"""

import json
import sys

import cv2
import numpy as np
import onnxruntime

SLIC_ITERATIONS, SMALLEST = 4, 0.25
WORKING_SIDE, FINER = 320, 4


def main(model, *photographs):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # it warns that superpixels may be left out, which is meant
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    about = session.get_modelmeta().custom_metadata_map
    if about["rule"] not in RULES or about["boxes"] != "largest":
        raise SystemExit(
            f"{model}: has rule {about['rule']!r}; this example knows {', '.join(RULES)}, one box"
        )
    for path in photographs:
        print(json.dumps({"image": path, **localize(session, about, path)}, ensure_ascii=False))


def localize(session, about, path):
    image = cv2.imread(path, cv2.IMREAD_COLOR)  # turned as EXIF says
    if image is None:
        raise SystemExit(f"{path}: is no image that OpenCV can read")
    image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    names, side = json.loads(about["class_names"]), int(about["input_size"])
    superpixels = json.loads(about["superpixels"])
    # The graph would resize a photograph of any size itself; the superpixels need the small one anyway.
    height, width = image.shape[:2]
    small = cv2.resize(image, (min(width, side), min(height, side)), interpolation=cv2.INTER_AREA)
    small = cv2.resize(small, (side, side), interpolation=cv2.INTER_LINEAR)
    segments = segment(small, superpixels).astype(np.int64)
    probabilities, scores = session.run(
        ["probabilities", "scores"], {"images": small[None], "segments": segments[None]}
    )
    score_map = bring_back(scores[0], image, superpixels)
    threshold = np.float32(min(RULES[about["rule"]](score_map), score_map.max()))
    best = int(probabilities[0].argmax())
    box = largest_box(score_map, score_map >= threshold)
    return {"class": names[best], "probability": round(float(probabilities[0][best]), 4), "box": box}


def paper(score_map):
    return 0.7 * float(score_map.mean(dtype=np.float64)) + 0.3 * float(score_map.max())


def moments(score_map):
    mean = float(score_map.mean(dtype=np.float64))
    square = float(np.square(score_map, dtype=np.float64).mean())
    concentration = max(1 - mean**2 / square, 0.0)
    return mean + concentration**1.25 * (square / mean - mean)


RULES = {"moments": moments, "paper": paper}


def bring_back(scores, image, superpixels):
    """Scores (S, S) as a score map (H, W) in [0, 1], constant on superpixels of the photograph itself."""
    height, width = image.shape[:2]
    if max(height, width) > max(scores.shape):
        if (scale := WORKING_SIDE / max(height, width)) < 1:
            size = max(1, round(width * scale)), max(1, round(height * scale))
            image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        pieces = segment(image, {**superpixels, "count": FINER * superpixels["count"]})
        flat = pieces.ravel()
        means = np.bincount(flat, weights=resized(scores, *pieces.shape).ravel()) / np.bincount(flat)
        pooled = means[pieces].astype(np.float32)
        scores = cv2.resize(pooled, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
    else:
        scores = resized(scores, height, width)
    scores = scores.astype(np.float64)
    low, high = scores.min(), scores.max()
    if high - low <= 8 * np.finfo(np.float32).eps * max(abs(low), abs(high)):
        return np.ones(scores.shape, np.float32)  # a flat map says nothing: the whole image
    return ((scores - low) / (high - low)).astype(np.float32)


def resized(scores, height, width):
    if scores.shape == (height, width):
        return scores
    return cv2.resize(scores, (width, height), interpolation=cv2.INTER_LINEAR)


def largest_box(score_map, mask):
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    areas = stats[1:, cv2.CC_STAT_AREA]
    means = np.bincount(labels.ravel(), weights=score_map.ravel(), minlength=count)[1:] / areas
    left, top, width, height = stats[1:, :4][np.lexsort((-means, -areas))[0]].tolist()
    return [left, top, left + width, top + height]


def segment(image, superpixels):
    """Superpixels int (H, W) by SLIC: labels 0..K-1, each one connected piece, none of them tiny."""
    height, width = image.shape[:2]
    count, compactness = superpixels["count"], superpixels.get("compactness", 10.0)
    region = round((height * width / count) ** 0.5)
    if superpixels["algorithm"] != "slic" or not 2 <= region <= min(height, width) // 2:
        raise SystemExit(f"this example knows SLIC alone, on photographs larger than {width}x{height}")
    lab = cv2.cvtColor(image.astype(np.float32) * np.float32(1 / 255), cv2.COLOR_RGB2LAB)
    slic = cv2.ximgproc.createSuperpixelSLIC(lab, cv2.ximgproc.SLIC, region, compactness)
    slic.iterate(SLIC_ITERATIONS)
    pieces = merge_small(connected_pieces(slic.getLabels()), SMALLEST * height * width / count)
    first = np.unique(pieces, return_index=True)[1]
    return np.argsort(np.argsort(first))[pieces]  # in raster order


def connected_pieces(labels):
    height, width = labels.shape
    links = np.zeros((2 * height - 1, 2 * width - 1), np.uint8)
    links[::2, ::2] = 1
    links[::2, 1::2] = labels[:, 1:] == labels[:, :-1]
    links[1::2, ::2] = labels[1:] == labels[:-1]
    return cv2.connectedComponents(links, connectivity=4, ltype=cv2.CV_32S)[1][::2, ::2] - 1


def merge_small(pieces, smallest):
    """Join pieces of fewer pixels, in rounds, each to the neighbour that it shares most border with."""
    while True:
        small = np.bincount(pieces.ravel()) < smallest
        if len(small) == 1 or not small.any():
            return pieces
        one = np.concatenate([pieces[:, 1:].ravel(), pieces[1:].ravel()]).astype(np.int64)
        other = np.concatenate([pieces[:, :-1].ravel(), pieces[:-1].ravel()]).astype(np.int64)
        wanted = (one != other) & (small[one] | small[other])
        one, other = one[wanted], other[wanted]
        pairs = np.minimum(one, other) * len(small) + np.maximum(one, other)
        pairs, length = np.unique(pairs, return_counts=True)
        pairs = pairs[np.argsort(length, kind="stable")]
        low, high = pairs // len(small), pairs % len(small)
        itself = np.arange(len(small))
        parent = itself.copy()
        parent[np.stack([low, high], 1).ravel()] = np.stack([high, low], 1).ravel()  # the last one stays
        parent = np.where(small, parent, itself)
        parent = np.where((parent[parent] == itself) & (itself < parent), itself, parent)
        while (parent[parent] != parent).any():
            parent = parent[parent]
        pieces = np.unique(parent, return_inverse=True)[1][pieces]


if __name__ == "__main__":
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
