"""`train`: from a configuration to a finished model folder. Sees labels and superpixels, never a box."""

from __future__ import annotations

import errno
import os
import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from aln.config import Config, LocalizeConfig, read_config, write_config
from aln.data import Split, open_images
from aln.data.cache import ImageCache, default_cache_root, open_cache
from aln.errors import AlnError, TrainingError
from aln.model_io import CONFIG, MANIFEST, WEIGHTS, load_model
from aln.progress import progress_bar
from aln.training.allocator import freed_memory_kept
from aln.training.checkpoints import CHECKPOINT, load_checkpoint
from aln.training.interrupt import Interrupt
from aln.training.pictures import CURVES, SHEETS
from aln.training.progress import TrainingProgress
from aln.training.records import LOG, TENSORBOARD, RunLog
from aln.training.runtime import choose_runtime
from aln.training.stopped import STOPPED
from aln.training.trainer import Trainer
from aln.training.variants import VARIANTS, chosen_variant
from aln.training.warm_start import read_warm_start

MACHINE = {"device", "threads"}
"""Settings of `TrainingConfig` that belong to the machine: a run that goes on may change them."""


def train(
    config: Config,
    out: Path | str,
    *,
    resume: bool = False,
    strict: bool = False,
    cache_root: Path | str | None = None,
    overwrite: bool = False,
    console: Console | None = None,
) -> Path:
    """Train both networks on the images of `config.data` and leave a model folder in `out`.

    Args:
        config: All settings. With `resume` the run's own settings are used instead, but for `data.path`,
            as the photographs may lie elsewhere by now, and `training.device` and `training.threads` where
            they were set, as the machine may be another one.
        out: The run folder: model, log, checkpoint, sheets of sample masks.
        resume: Continue the run in `out`, bit for bit as if it had never stopped (on a CPU).
        strict: Stop at the first photograph that can't be read, instead of reporting it.
        cache_root: Where decoded images are kept; see `default_cache_root`.
        overwrite: Replace a run that is already in `out`.
        console: Where progress goes.

    Raises:
        AlnError: For bad settings, data or folders, and when training stops itself.
        KeyboardInterrupt: On Ctrl-C, after saving a checkpoint.
    """
    console, out = console or Console(stderr=True), Path(out)
    config = _settings(config, out, resume=resume, overwrite=overwrite)
    chosen_variant(config)  # reading the photographs may take long
    choose_runtime(config.training)
    resuming = resume and (out / CHECKPOINT).exists()  # a run stopped before its first checkpoint starts anew
    start = None if resuming else read_warm_start(config)

    def open_split(split: Split) -> ImageCache:
        root = Path(cache_root or default_cache_root())
        return _cached(config, split, root, strict=strict, console=console)

    cache = open_split("train-weaksup")
    trainer = Trainer(config, cache, out, open_split)
    if not resume:
        _begin(config, out, overwrite=overwrite)
    if start is not None:
        trainer.begin_with(start)
    if resuming:
        trainer.restore(load_checkpoint(out))
        if trainer.finished and _is_whole(out):
            console.print(f"{out} has finished already; nothing to do", markup=False, soft_wrap=True)
            return out
    log = RunLog(out, trainer.epoch, console)
    total = trainer.epochs * trainer.batches.steps
    try:
        with (
            Interrupt() as interrupt,
            TrainingProgress(console, total, trainer.steps_done) as progress,
            freed_memory_kept(),
        ):
            trainer.run(progress, interrupt, log)
    except KeyboardInterrupt:
        cache_option = ["--cache", str(cache_root)] if cache_root else []
        again = shlex.join(["aln", "train", config.data.path, "--out", str(out), "--resume", *cache_option])
        console.print(f"Stopped. To go on from the last checkpoint: {again}", markup=False, soft_wrap=True)
        raise
    trainer.finish(log)
    _report(cache, console)
    return out


def _settings(config: Config, out: Path, *, resume: bool, overwrite: bool) -> Config:
    """The settings to train with, after a look at the run folder, which is made but not yet changed."""
    if resume:
        if not (out / CONFIG).exists():
            raise TrainingError(f"{out}: holds no run to resume; train without --resume")
        earlier = read_config(out / CONFIG)
        data = earlier.data.model_copy(update={"path": config.data.path})
        set_here = config.training.model_dump(include=config.training.model_fields_set & MACHINE)
        training = earlier.training.model_copy(update=set_here)
        return earlier.model_copy(update={"data": data, "training": training})
    with _writing(out):
        _refuse_taken(out, overwrite=overwrite)
        out.mkdir(parents=True, exist_ok=True)
        if not os.access(out, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return _localized_by_its_own_method(config)


def _localized_by_its_own_method(config: Config) -> Config:
    """The settings with the variant's own method for localizing, where none but the default was asked for."""
    own = VARIANTS[config.training.variant].method
    if config.localize.method != LocalizeConfig().method:
        return config
    return config.model_copy(update={"localize": config.localize.model_copy(update={"method": own})})


def _is_whole(out: Path) -> bool:
    """Whether `out` holds a model that can be used."""
    try:
        load_model(out)
    except AlnError:
        return False
    return True


def _begin(config: Config, out: Path, *, overwrite: bool) -> None:
    """Clear the folder of an earlier run and write the settings, now that data and settings are sound."""
    with _writing(out):
        _refuse_taken(out, overwrite=overwrite)
        _clear(out)
        write_config(config, out / CONFIG)


def _refuse_taken(out: Path, *, overwrite: bool) -> None:
    if (out / CONFIG).exists():
        if not overwrite:
            raise TrainingError(f"{out}: already holds a run; use --resume, --overwrite, or another folder")
    elif out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise TrainingError(f"{out}: is not an empty folder; choose another one for the run")


def _clear(out: Path) -> None:
    """Remove the run in `out`, and nothing else that may lie there."""
    for folder in (SHEETS, TENSORBOARD):
        shutil.rmtree(out / folder, ignore_errors=True)
    for name in (CONFIG, WEIGHTS, MANIFEST, CHECKPOINT, LOG, CURVES, STOPPED):
        (out / name).unlink(missing_ok=True)


@contextmanager
def _writing(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TrainingError(f"{out}: can't be written ({error.strerror}); choose another --out") from error


def _cached(config: Config, split: Split, root: Path, *, strict: bool, console: Console) -> ImageCache:
    images = open_images(config.data, split)
    with progress_bar(console) as bar:
        task = bar.add_task(f"reading {len(images)} images", total=len(images))
        return open_cache(
            images,
            config.model.input_size,
            config.superpixels,
            root,
            strict=strict,
            progress=lambda done, _total: bar.update(task, completed=done),
        )


def _report(cache: ImageCache, console: Console) -> None:
    """Name the photographs that were left out."""
    if cache.failures:
        console.print(f"{len(cache.failures)} photographs could not be read and were left out:")
        for image_id, reason in cache.failures:
            console.print(f"  {reason if image_id in reason else f'{image_id}: {reason}'}", markup=False)
