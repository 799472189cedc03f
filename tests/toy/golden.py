"""golden.toy: load, and run for values and counters."""
from types import SimpleNamespace

import numpy as np

from golden import image


def load(path):
    spec, head, members = image.read(path, "toy", lambda spec, head, given: dict.fromkeys(given, 8))
    return SimpleNamespace(spec=spec, addend=int(members["addend"][0]))


def run(loaded, words):
    half = 1 << loaded.spec.bits - 1
    outputs = (np.asarray(words) + loaded.addend + half) % (2 * half) - half
    return SimpleNamespace(outputs=outputs, counters={"cycles": len(words) + 1})
