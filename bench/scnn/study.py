"""What the model says of a network: cycles by cause, speed-ups, energy, beside the paper's figures."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from bench.scnn import dense, energy, stall
from bench.scnn.networks import NETWORKS, Network, googlenet
from compress.scnn.choose import choose
from compress.scnn.work import loads
from golden.scnn.layer import source
from spec.scnn import ScnnSpec, preset

PAPER = {"AlexNet": 2.37, "GoogLeNet": 2.19, "VGG-16": 3.52}
"""Speed-ups over DCNN that the paper prints; its networks are whole, ours are those of `bench.scnn.networks`."""

ROOM = {"memory_words": 65536, "blocks": 8192, "program": 4096, "taps": 4096}
"""Memories that hold every network at its worst, where the paper goes to DRAM for nine layers of VGG."""


def specification(name: str, *, port: int | None = None, codes: bool = False, lanes: int | None = None,
                  groups: int = 1) -> ScnnSpec:
    """Return a preset on 8 x 8 PEs with room for every network.

    Parameters
    ----------
    port : int or None
        Bits of weights per cycle; the preset's own if not given.
    codes : bool
        Whether weights are 4-bit codes.
    lanes : int or None
        Weight lanes; the preset's own if not given.
    groups : int
        Most input-channel groups.
    """
    changes = {"weight_port_bits": port, "weight_lanes": lanes}
    return preset(name, rows=8, cols=8, weight_code_bits=4 if codes else 0, input_groups=groups, **ROOM,
                  **{key: value for key, value in changes.items() if value is not None})


def measure(spec: ScnnSpec, networks: list[Network], *, only: list[int] | None = None, refine: bool = False,
            seed: int = 2) -> dict[str, Any]:
    """Return the report of some networks as one."""
    rows: list[dict[str, Any]] = []
    for given in networks:
        tensors = given.tensors(np.random.default_rng(seed))
        made, counters = choose(spec, given.layers, given.shape, tensors, only=only, refine=refine,
                                density=given.density)
        macs, array, work = given.macs(), dense.network(spec, given), dense.needed(given, tensors)
        for mapping, own, load in zip(made.mappings, counters, loads(made, tensors), strict=True):
            layer, name = mapping.layer, mapping.layer.name
            seen = source(layer.inputs[0])[0]
            share = given.density.get(f"{name} < {seen}", given.density.get(seen, 1.0))
            rows.append({
                "layer": f"{given.name}/{name}" if len(networks) > 1 else name, "level": mapping.level,
                "groups": mapping.groups,
                "passes": mapping.passes, "kc": mapping.kc, "macs": macs[name], "needed": work[name], "cycles": own.cycles,
                "dense_cycles": array[name],
                "stopped": stall.share(spec, mapping, given, tensors, pe=spec.pes // 2 + spec.cols // 2, cycles=2000),
                "slots": own.slots, "entries": own.entries, "port_wait": own.port_wait,
                "energy": energy.sparse(spec, load, own), "dense_energy": energy.dense(spec, layer, macs[name], live=share)})
    return report(spec, rows)


def report(spec: ScnnSpec, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the sums of layers."""
    def total(key: str) -> int:
        return sum(row[key] for row in rows)

    cycles = total("cycles")
    joules = {name: sum(row["dense_energy"][name] for row in rows) for name in ("DCNN", "DCNN-opt")}
    ours = sum(row["energy"]["sum"] for row in rows)
    return {"cycles": cycles, "speedup_over_dense_macs": total("macs") / spec.multipliers / cycles,
            "speedup_over_dense_array": total("dense_cycles") / cycles, "limit": total("macs") / total("needed"),
            "use": sum(row["slots"]["products"] for row in rows) / (cycles * spec.multipliers),
            "energy": ours, "energy_of_dense_over_ours": {name: value / ours for name, value in joules.items()}, "layers": rows}


def named(text: str) -> list[str]:
    """Return the networks that a text with commas names, once each; ValueError for one that there is not."""
    names = list(dict.fromkeys(name.strip() for name in text.split(",")))
    if odd := [name for name in names if name not in NETWORKS]:
        raise ValueError(f"networks must be of {', '.join(NETWORKS)}, not {odd[0]!r}; name others, with commas between")
    return names


def network(name: str, spec: ScnnSpec, *, levels: list[int] | None = None) -> dict[str, Any]:
    """Return the report of a network of `bench.scnn.networks`."""
    return measure(spec, NETWORKS[name](1), only=levels, refine=name == "GoogLeNet")


def sweep(spec: ScnnSpec, densities: list[float]) -> Iterator[dict[str, Any]]:
    """Yield GoogLeNet's modules with one density for all weights and activations, as in the paper's Fig. 7."""
    for density in densities:
        rng = np.random.default_rng(3)
        networks = []
        for given in googlenet(1):
            layers = [replace(layer, weight=(rng.random(layer.weight.shape) < density).astype(np.int16))
                      for layer in given.layers]
            networks.append(replace(given, layers=layers, density=dict.fromkeys(given.density, density)))
        yield {"density": density} | measure(spec, networks)


def crossing(points: list[dict[str, Any]], key: str = "speedup_over_dense_array") -> float | None:
    """Return the density at which a ratio that falls with density is 1, between two points of a sweep, or None."""
    for low, high in zip(points, points[1:], strict=False):
        if low[key] >= 1 > high[key]:
            share = (low[key] - 1) / (low[key] - high[key])
            return float(low["density"] + share * (high["density"] - low["density"]))
    return None
