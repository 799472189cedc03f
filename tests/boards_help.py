"""Images for tests on boards, and the golden model's answers beside a board's."""
import functools

import numpy as np

from boards.device import Device
from boards.noise import Noisy
from boards.virtual.board import running
from boards.virtual.machine import open_line, program
from compress.eie.image import save
from golden.eie.image import load as golden_load
from golden.eie.network import run as golden_run
from rtl import machine
from tests.compress_sample import sample, small

SPEC = small(pes=2, slots=32, entries=512, columns=128, queue_depth=2, broadcast_latency=0)


@functools.cache
def image_file(folder):
    path = folder / "small.npz"
    save(sample(SPEC), path)
    return path


def inputs(count, seed=5):
    rng = np.random.default_rng(seed)
    return (rng.integers(-3000, 3000, (count, 10)) * (rng.random((count, 10)) < 0.6)).astype(np.int16)


def golden(path, vectors):
    return golden_run(golden_load(path), vectors)


@functools.cache
def _program(**options):
    return program(machine.generate("eie", SPEC), **options)


def small_board(**options):
    return running(_program(**options))


def device(made, *, rate=0.0, seed=1, patience=8.0):
    line = open_line(made)
    return Device(Noisy(line, rate, seed) if rate else line, patience=patience)
