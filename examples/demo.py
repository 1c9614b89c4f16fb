"""From images with class labels alone to boxes: train, localize, measure, look. Five to ten minutes.

    make demo        or        python examples/demo.py [FOLDER]

The images are made on the fly: six kinds of textured shapes at random places in clutter. The same lines work
for photographs in class folders: `load_config("default", settings={"data": {"path": "photos"}})`.
"""

import shutil
import sys
from pathlib import Path

from rich.console import Console

import aln
from aln.config import load_config
from aln.data import open_images
from aln.evaluation.report import tables
from aln.measure import evaluate_run
from aln.sheets import sheet_of
from aln.training import train
from aln.visualize import overlay, write_png

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "demo")
console = Console()

# Train: only images and class labels are read, never a box.
config = load_config("demo")
run = train(config, folder / "run", overwrite=True)

# Localize: any image, any size. Here the first twelve that training has not seen.
images = open_images(config.data, "test")
unseen = [(images.image_id(index), images.read(index)) for index in range(12)]
model = aln.load(run)
(folder / "overlays").mkdir(exist_ok=True)
for (name, image), found in zip(unseen, model.localize(unseen), strict=True):
    write_png(folder / "overlays" / f"{Path(name).stem}.png", overlay(image, found))
    console.print(f"{name}: {found.class_name} at {found.boxes[0].round().astype(int).tolist()}")

# Measure: now, and only now, the true boxes are opened, beside what guessing gets.
rows, _ = evaluate_run(run, config.data, methods=("aln", "cam"))
console.print(*tables(rows))

# Look: the photograph, what the network would hide, its score map, its mask.
write_png(folder / "sheet.png", sheet_of(run, config.data))
shutil.copy(run / "curves.png", folder)
console.print(f"Pictures: {folder}/sheet.png, {folder}/curves.png and {folder}/overlays/; the model: {run}/")
