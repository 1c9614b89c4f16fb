"""Ctrl-C, taken between two steps, so that what is saved is never half a step."""

from __future__ import annotations

import signal
import threading
from types import FrameType


class Interrupt:
    """While active, the first Ctrl-C only sets `asked`; a second one stops at once. A context manager."""

    def __init__(self) -> None:
        self.asked = False
        self._earlier: object = None

    def __enter__(self) -> Interrupt:
        if threading.current_thread() is threading.main_thread():  # signals can be handled nowhere else
            self._earlier = signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        if self._earlier is not None:
            signal.signal(signal.SIGINT, self._earlier)  # type: ignore[arg-type]

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
