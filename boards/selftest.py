"""The vectors that RTL and netlist ran, on a board: outputs compared, and where the time goes."""

import time
from typing import Any

import numpy as np

from boards.device import Device
from cli import command, table
from compress.actions import ReadRegister, Receive, Send, Wait, WriteRegister
from compress.eie.actions import stream_words, values
from synth import vectors

LAYERS = 5


def run(device: Device, image: Any) -> dict[str, Any]:
    """Run random layers, compare every output with golden's, and return the figures.

    Raises
    ------
    ValueError
        If there are no vectors for the machine on the board.
    """
    if device.about.design != "eie":
        raise ValueError(f"--selftest must be of a machine with vectors, eie, not of {device.about.design}; give --input")
    spec, clock = image.spec, time.monotonic
    seconds = {"load": 0.0, "compute": 0.0, "read": 0.0}
    compared = different = cycles = busy = 0
    with command.progress(f"self-test: {LAYERS} layers", total=LAYERS) as bar:
        for seed in range(LAYERS):
            packets, expected = vectors.job(spec, seed=seed)
            length = spec.pes * -(-len(expected) // spec.pes)
            marks = [clock()]
            words, counters = device.perform(_talk(packets, stream_words(length, spec), marks))
            got = values(words, len(expected), spec)
            compared += len(expected)
            different += int(np.count_nonzero(got[:len(expected)] != expected))
            cycles, busy = cycles + counters["cycles"], busy + counters["busy"]
            for name, begin, end in zip(seconds, marks, marks[1:], strict=False):
                seconds[name] += end - begin
            bar.advance()
    hertz = device.about.clock_hz
    return {"compared": compared, "different": different, "cycles": cycles, "multiplications": busy,
            "gops": 2 * busy / (cycles / hertz) / 1e9, "compute_at_clock_seconds": cycles / hertz,
            "seconds": {name: round(value, 4) for name, value in seconds.items()}}


def _talk(packets: list[np.ndarray], most: int, marks: list[float]) -> Any:
    """Load a layer and its input, run it, read it out; return result words and counters, and note the time of each part."""
    yield WriteRegister("flags", {"done": 1, "refused": 1, "saturated": 1})
    for packet in packets:
        yield Send(packet)
    marks.append(time.monotonic())
    yield WriteRegister("layers", {"first": 0, "count": 1})
    yield WriteRegister("control", {"start": 1})
    yield Wait("done", what="the self-test's layer")
    counters = {}
    for name in ("cycles", "busy"):
        counters[name] = (yield ReadRegister(name))["value"]
    marks.append(time.monotonic())
    yield WriteRegister("flags", {"done": 1})
    yield WriteRegister("control", {"read": 1})
    words = yield Receive(most)
    marks.append(time.monotonic())
    return words, counters


def tell(figures: dict[str, Any]) -> None:
    """Print what a self-test found."""
    seconds = figures["seconds"]
    table.show("self-test", ("what", "figure"), [
        ("outputs compared with golden", f"{figures['compared']:,}"), ("different", f"{figures['different']:,}"),
        ("cycles", f"{figures['cycles']:,}"), ("multiplications", f"{figures['multiplications']:,}"),
        ("GOP/s at the board's clock, multiply and add", f"{figures['gops']:.4f}"),
        ("s for loading over the link", f"{seconds['load']:.3f}"), ("s from start to counters", f"{seconds['compute']:.3f}"),
        ("s of them in the machine, at its clock", f"{figures['compute_at_clock_seconds']:.6f}"),
        ("s for reading results", f"{seconds['read']:.3f}")])
