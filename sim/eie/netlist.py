"""A synthesized netlist of an array on random layers: every output and every counter must be the golden model's."""

import numpy as np
from scipy import sparse

from compress.eie.assemble import IntegerLayer, assemble
from rtl.generated import GeneratedMachine
from sim.eie import cases
from sim.eie.outcome import Outcome
from sim.eie.talks import layer_by_layer
from sim.session import hold
from spec.eie import EieSpec

UNIT = ""
"""Module that is synthesized and checked; empty for the whole machine."""

LAYERS = 3
MOST_SLOTS, MOST_COLUMNS = 24, 8        # a PE, of outputs and of inputs


def verify(machine: GeneratedMachine, netlist: str, spec: EieSpec) -> str:
    """Run random layers on a netlist of a machine, and return what was compared.

    Raises
    ------
    AssertionError
        If the netlist answers otherwise than golden.
    """
    found = [case(spec, seed=seed) for seed in range(LAYERS)]
    talks = [layer_by_layer(one.image, one.golden) for one in found]
    answers = hold(GeneratedMachine(machine.name, netlist, machine.manifest), sum(talks, []), sim="verilator")
    total = 0
    for one, mine in zip(found, talks, strict=True):
        outcome = Outcome(one.image, one.golden, answers[:len(mine)], None)
        answers = answers[len(mine):]
        if outcome.wrong:
            raise AssertionError(f"{one.name}: {'; '.join(outcome.faults())}; {outcome.mismatches} values differ")
        total += outcome.compared
    return f"{total} outputs of {LAYERS} random layers, and their counters, equal the golden model's"


def case(spec: EieSpec, *, seed: int) -> cases.Case:
    """Return a layer that reaches every slot, with long runs of zeros, empty columns and full ones, and one input for it.

    Every third layer has small numbers and no shift, so that the lowest bit of a product shows in an output; the others reach
    the limits of every width.
    """
    rng, density, small = np.random.default_rng(seed), 0.3, seed % 3 == 0
    slots = max(2, min(spec.slots, MOST_SLOTS))
    columns = max(1, min(spec.columns // spec.pes, slots, MOST_COLUMNS)) * spec.pes
    top = 1 << spec.weight_bits - 1
    book = rng.integers(*((-3, 4) if small else (-top >> 3, top >> 3)), (1, 1 << spec.codebook_bits))
    book[0, :3] = ((0, -3, 2) if small else (0, -top, top - 1))[:book.shape[1]]
    most = 1 << min(spec.act_bits - 2, 8) if small else 1 << spec.acc_bits - 4
    bias = rng.integers(-most, most, slots * spec.pes)
    source = cases.activations(spec, rng, (1, columns), 0.6)
    source = source >> spec.act_bits - 4 if small else source
    shift = 0 if small else min(14, (1 << spec.shift_bits) - 1)
    while True:
        share = np.minimum(density * rng.choice((0, 0.3, 1, 3), columns), 1)
        mask = rng.random((slots * spec.pes, columns)) < share
        codes = sparse.csc_array(rng.integers(1, 1 << spec.codebook_bits, mask.shape) * mask)
        layer = IntegerLayer(name=f"random {seed}", codes=codes, bias=bias, shift=shift, relu=bool(seed % 2))
        try:
            return cases.case(layer.name, assemble([layer], book, spec, order_name="modulo"), source)
        except ValueError:              # more entries than a PE has room for
            if density < 1e-3:
                raise
            density /= 2
