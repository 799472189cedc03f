"""Whole networks on the generated array: every layer's outputs compared with a dense convolution, counters with each other."""
import numpy as np
import pytest

from compress.scnn.assemble import assemble
from compress.scnn.tensor import recover
from golden.scnn.layer import forward
from rtl.scnn import generate
from sim.scnn import job
from sim.scnn.networks import NETWORKS, sparse
from spec.scnn import SLOT_COUNTERS, preset

LIMIT = 300_000
SHAPE = 3, 16, 18


def compare(spec, layers, x, folder, *, pause=0, levels=None):
    """Run a network; every tensor is the golden model's, no flag but done stands, every slot of every cycle has one cause."""
    assembly = assemble(spec, layers, x.shape, levels=levels or [0] * len(layers))
    step = job.Step(packets=job.load(assembly, x), weights=assembly.weights, count=len(layers), blocks=spec.blocks, pause=pause,
                    limit=LIMIT)
    answer, = job.run(generate(spec), spec, [step], folder)
    want = forward(layers, x)
    for plan in assembly.plans[-2:]:                        # the room of earlier tensors may be used again
        got = recover(spec, plan.output, answer.blocks)
        np.testing.assert_array_equal(got, want[plan.output.name], plan.output.name)
    assert {name for name, flag in answer.flags.items() if flag} == {"done"}
    slots = {name: answer.counters[name] for name in SLOT_COUNTERS}
    assert sum(slots.values()) == answer.counters["cycles"] * spec.multipliers, slots
    return answer


@pytest.mark.parametrize("rows, cols, name, pause", [
    (1, 1, "plain", 0),
    *(pytest.param(2, 2, name, 100, marks=pytest.mark.full) for name in ("plain", "wide", "strided", "max", "pairs", "sum")),
    *(pytest.param(3, 2, name, 0, marks=pytest.mark.full) for name in ("plain", "wide", "pairs"))])
def test_network(rows, cols, name, pause, tmp_path):
    rng = np.random.default_rng([rows, cols])
    layers = NETWORKS[name](rng)
    x = sparse(rng, SHAPE, 0.5, 100)
    compare(preset("ecp5", rows=rows, cols=cols, blocks=64), layers, x, tmp_path, pause=pause)


def test_a_network_that_the_verilog_cannot_run_is_refused():
    """Channel splits are in the golden model alone: the Verilog would give wrong values."""
    rng = np.random.default_rng(1)
    x = sparse(rng, SHAPE, 0.5, 100)
    layers = NETWORKS["plain"](rng)
    spec = preset("ecp5", rows=2, cols=2, blocks=64)
    assert spec.block_sides[1] == (2, 2)
    made = assemble(spec, layers, x.shape, levels=[1, 1])
    with pytest.raises(ValueError, match="level of the input must be 0 on the Verilog, not 1; its PEs have no links"):
        job.load(made, x)
