"""The model of time against the Verilog, cause by cause: small networks of every kind of layer in one session an array."""

import numpy as np
import pytest

from compress.scnn.assemble import assemble
from compress.scnn.image import of
from rtl.scnn import generate
from sim.scnn.cases import answer
from sim.scnn.networks import NETWORKS, sparse
from sim.scnn.outcome import TOLERANCE, Outcome
from sim.scnn.talks import apart, together
from sim.session import hold
from spec.scnn import SLOT_COUNTERS, preset

SHAPE = 3, 12, 14


def outcomes(spec, names, level=0):
    """Run networks on the Verilog of an array and yield name and outcome of each."""
    made, talks = [], []
    for name in names:
        rng = np.random.default_rng([spec.rows, spec.cols])
        layers, x = NETWORKS[name](rng), sparse(rng, SHAPE, 0.5, 100)
        image = of(assemble(spec, layers, x.shape, levels=[level] * len(layers)))
        run = answer(image, x)
        made.append((name, image, run))
        talks += together(image, x[None], [sum(own.cycles for own in run.counters)])
    for (name, image, run), got in zip(made, hold(generate(spec), talks, apart=apart(spec)), strict=True):
        yield name, Outcome(image=image, golden=[run], answers=[got], timed=1)


LARGE = ("wide", "max", "residual", "deep")


@pytest.mark.parametrize("rows, cols, level", [
    (1, 1, 0), (2, 2, 0), (2, 2, 1),
    *(pytest.param(*one, marks=pytest.mark.full)
      for one in ((3, 2, 0), (3, 2, 1), (8, 8, 0), (8, 8, 1), (8, 8, 2), (8, 8, 3)))])
def test_cycles_are_those_of_the_model_cause_by_cause(rows, cols, level):
    compare(preset("ecp5", rows=rows, cols=cols, blocks=64), NETWORKS if rows * cols < 64 else LARGE, level)


@pytest.mark.parametrize("latency", [0, 1, pytest.param(4, marks=pytest.mark.full)])
def test_so_are_those_with_a_shorter_or_a_longer_way_to_the_pes(latency):
    compare(preset("ecp5", rows=2, cols=2, blocks=64, broadcast_latency=latency), NETWORKS, level=1)


SMALL = {"lean": True, "queue_blocks": True, "acc_bits": 24, "product_shift_bits": 4, "crossbar_stages": 2}
"""The PE that docs/decisions/0519 routes on a part."""


@pytest.mark.parametrize("rows, cols, level, more", [
    (1, 1, 0, SMALL), *(pytest.param(*one, marks=pytest.mark.full) for one in (
        (1, 1, 0, {}), (1, 1, 0, {"lean": True}), (1, 1, 0, {"crossbar_stages": 2}), (2, 2, 0, {"crossbar_stages": 2}),
        (2, 2, 1, SMALL)))])
def test_so_are_those_of_pes_of_four_by_four(rows, cols, level, more):
    """Images follow runs here whose words of four activations stand above the depth of the programs."""
    compare(preset("ecp5", rows=rows, cols=cols, f=4, i=4, banks=32, blocks=64, **more), NETWORKS, level)


def compare(spec, names, level):
    """Compare each network's values, sums and causes with the model's."""
    for name, outcome in outcomes(spec, names, level):
        got, want = outcome.answers[0].value.counters, outcome.total(0)
        assert not len(outcome.differing), f"{name}: {outcome.faults()}"
        slots = got["cycles"] * spec.multipliers
        assert sum(got[cause] for cause in SLOT_COUNTERS) == slots, name
        assert abs(got["cycles"] - want["cycles"]) <= TOLERANCE * want["cycles"], f"{name}: {got} {want}"
        for cause in SLOT_COUNTERS:
            assert abs(got[cause] - want[cause]) <= TOLERANCE * slots, f"{name}, {cause}: {got[cause]}, model {want[cause]}"
        exact = ("products", "act_tail", "weight_tail", "placeholder", "entries")
        assert [got[cause] for cause in exact] == [want[cause] for cause in exact], name
