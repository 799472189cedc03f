"""An estimate of energy from counted events and 45 nm costs in the literature; nothing here was measured on silicon."""

from bench.eie.energy import ADD, MULTIPLY, access
from golden.scnn.cycles import Counters, Load
from golden.scnn.layer import Layer
from golden.scnn.program import operations
from spec.scnn import ScnnSpec
from spec.scnn.shape import VALUE_BITS

DRAM_BIT = 20.0
"""pJ of a bit from DRAM: 640 pJ for 32 bits (Horowitz, ISSCC 2014)."""

DENSE_MEMORY = 32 << 10
"""Bytes of the activation memory of a dense PE: the published 2 MB over 64 PEs."""

SPARSE_MEMORY = 20 << 10
"""Bytes of the activation memories of a published sparse PE."""


def sparse(spec: ScnnSpec, load: Load, counters: Counters) -> dict[str, float]:
    """Return microjoules of a layer on the sparse array by unit, and their sum."""
    slots, n = counters.slots, spec.products
    issues = sum(slots[name] for name in ("products", "act_tail", "weight_tail", "placeholder")) / n
    offset = VALUE_BITS + spec.address_bits
    acc = access(spec.bank_entries * 2 * spec.sum_bits // 8, spec.sum_bits)
    steps = sum(operations(step) for program in load.programs for step in program.steps) * load.programs[0].drain["passes"]
    words = sum(int((-(-part // spec.i)).sum()) for part in load.acts) * (
        load.programs[0].supply["passes"] // len(load.acts)) / (spec.pes if load.programs[0].supply["level"] else 1)
    parts = {
        "multiply and add": slots["products"] * (MULTIPLY + ADD),
        "accumulators": (slots["products"] + steps) * 2 * acc,
        "weight buffer": issues * access(spec.weight_words * spec.f * offset // 8, spec.f * offset),
        "activation buffer": issues * access(spec.act_words * spec.i * offset // 8, spec.i * offset) / 4,
        "activation memory": words * access(SPARSE_MEMORY, spec.act_word_bits),
        "weights from DRAM": counters.entries * spec.entry_bits * DRAM_BIT,
    }
    micro = {name: value * 1e-6 for name, value in parts.items()}
    return micro | {"sum": sum(micro.values())}


def dense(spec: ScnnSpec, layer: Layer, macs: int, *, live: float) -> dict[str, float]:
    """Return microjoules of a layer on the dense array: ``DCNN``, and ``DCNN-opt``, whose multipliers rest at activations of 0.

    Parameters
    ----------
    live : float
        Share of activations other than 0.
    """
    words = macs / spec.products
    parts = {
        "multiply and add": macs * (MULTIPLY + ADD),
        "activation memory": words * access(DENSE_MEMORY, spec.products * VALUE_BITS) / 4,
        "weight buffer": words * access(8192, spec.products * VALUE_BITS),
        "accumulators": words * access(1024, 32) * 2,
        "weights from DRAM": layer.weight.size * VALUE_BITS * DRAM_BIT,
    }
    micro = {name: value * 1e-6 for name, value in parts.items()}
    rest = micro["multiply and add"] * (1 - live)
    return {"DCNN": sum(micro.values()), "DCNN-opt": sum(micro.values()) - rest}


