"""compress.toy: the image, and the whole talk with the machine."""
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np

from compress import image as container
from compress.actions import ReadRegister, Receive, Send, Wait, WriteRegister
from spec.framing import header
from tests.toy.spec import PACKETS, Spec


class Image(NamedTuple):
    spec: Spec
    addend: int


def save(image, path):
    container.save(path, "toy", image.spec, {"name": "sums"}, {"addend": np.array([image.addend])})


def load(path):
    spec, _, members = container.read(path, "toy", lambda spec, head: {"addend": 8})
    return Image(spec, int(members["addend"][0]))


def load_actions(image):
    yield WriteRegister("shift", {"value": image.addend})


def run_actions(image, words):
    yield WriteRegister("control", {"clear": 1})
    yield WriteRegister("flags", {"done": 1})
    yield Send(np.array([header(PACKETS["words"], len(words)), *words], np.uint64))
    received = yield Receive(len(words))
    flags = yield Wait("done", limit=1000, what="the packet")
    assert flags["done"] and not flags["short"] + flags["long"] + flags["unknown"]
    cycles = yield ReadRegister("cycles")
    lanes = np.array(received, "<u8").view(f"<i{image.spec.bits // 8}")[:len(words)]
    return SimpleNamespace(outputs=lanes.astype(np.int64), counters={"cycles": cycles["value"]})


def session(image, words):
    yield from load_actions(image)
    return (yield from run_actions(image, words))
