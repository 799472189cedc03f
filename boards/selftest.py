"""Random vectors of a machine, as its netlist ran them, on a board: the outputs compared, and where the time goes."""

import time
from typing import Any

import numpy as np

from boards.device import Device
from cli import command, table
from compress.actions import Actions
from spec import machines
from spec.parameter import from_data

SEEDS = range(5)


def run(device: Device) -> dict[str, Any]:
    """Run random images on a board's machine, compare every output with the golden model's, and return the figures."""
    design = device.about.design
    spec = from_data(machines.specification(design).Spec, device.about.spec)
    bench, talk = machines.part(design, "sim", "selftest"), machines.part(design, "compress")
    seconds = {"load": 0.0, "run": 0.0}
    found = {"compared": 0, "different": 0, "cycles": 0, "multiplications": 0}
    before = vars(device.link.statistics).copy()
    with command.progress(f"self-test: {len(SEEDS)} images", total=len(SEEDS)) as bar:
        for seed in SEEDS:
            image, inputs, expected = bench.vectors(spec, seed=seed)
            _timed(device, talk.load_actions(image), seconds, "load")
            integers, _ = talk.inputs(image, inputs)
            for vector, right in zip(integers, expected, strict=True):
                result = _timed(device, talk.run_actions(image, vector), seconds, "run")
                got = talk.outputs(image, result)
                found["compared"] += right.size
                found["different"] += int(right.size - np.count_nonzero((got == right) | (got != got) & (right != right)))
                for name, count in bench.work(image, result).items():
                    found[name] += count
            bar.advance()
    machine = found["cycles"] / device.about.clock_hz
    carried = {name: count - before[name] for name, count in vars(device.link.statistics).items()}
    return {**found, "gops": 2 * found["multiplications"] / machine / 1e9 if machine else 0.0, "link": carried,
            "seconds": {**{name: round(value, 4) for name, value in seconds.items()}, "machine": machine}}


def _timed(device: Device, actions: Actions, seconds: dict[str, float], name: str) -> Any:
    start = time.monotonic()
    try:
        return device.perform(actions)
    finally:
        seconds[name] += time.monotonic() - start


def tell(figures: dict[str, Any]) -> None:
    """Print what a self-test found."""
    seconds, carried = figures["seconds"], figures["link"]
    whole = seconds["load"] + seconds["run"]
    table.show("self-test", ("what", "figure"), [
        ("outputs compared with golden", f"{figures['compared']:,}"), ("different", f"{figures['different']:,}"),
        ("cycles", f"{figures['cycles']:,}"), ("multiplications", f"{figures['multiplications']:,}"),
        ("GOP/s in the machine at its clock", f"{figures['gops']:.4f}"),
        ("s in all", f"{whole:.3f}"), ("s of them for loading", f"{seconds['load']:.3f}"),
        ("s of them for inputs, waiting, outputs", f"{seconds['run']:.3f}"),
        ("s of them in the machine, at its clock", f"{seconds['machine']:.6f}"),
        ("bytes sent and received", f"{carried['bytes_out']:,} and {carried['bytes_in']:,}"),
        ("frames sent, and of these again", f"{carried['frames']} and {carried['repeated']}")])
