"""Ctrl-C: the first asks, the second stops."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from aln.training.interrupt import Interrupt


def _ctrl_c() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_the_first_only_asks() -> None:
    with Interrupt() as interrupt:
        assert not interrupt.asked
        _ctrl_c()
        assert interrupt.asked


def test_the_second_stops_at_once() -> None:
    with Interrupt() as interrupt:
        _ctrl_c()
        with pytest.raises(KeyboardInterrupt):
            _ctrl_c()
    assert interrupt.asked


def test_the_earlier_handler_comes_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyError), Interrupt():
        raise KeyError
    assert signal.getsignal(signal.SIGINT) is before


def test_in_another_thread_signals_are_left_alone() -> None:
    before, seen = signal.getsignal(signal.SIGINT), []

    def work() -> None:
        with Interrupt() as interrupt:
            seen.append((interrupt.asked, signal.getsignal(signal.SIGINT) is before))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(False, True)]
