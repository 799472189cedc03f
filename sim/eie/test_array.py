"""Whole layers on the emitted array: every output of every layer, and every counter, is the golden model's."""
from fractions import Fraction
from functools import partial

import numpy as np
import pytest

from golden.eie import Counters
from rtl.eie import generate
from sim.eie import cases
from sim.eie.outcome import Outcome
from sim.eie.talks import cut, layer_by_layer, together
from sim.session import hold
from spec.eie import PRESETS, EieSpec, preset

SMALL = {"entries": 4096, "columns": 256}
MACHINES = {
    "1": preset("default", pes=1, broadcast_latency=0, slots=128, word_bits=32, **SMALL),
    "2": preset("paper", pes=2, slots=128, batch_slots=2, **SMALL),
    "3": preset("ecp5", pes=3, slots=64, index_bits=3, **SMALL),
    "4": preset("default", pes=4, codebook_bits=5, index_bits=2, queue_depth=5, **SMALL),
    "16": preset("ecp5", pes=16, slots=64, **SMALL),
    "64": preset("default"),
    "small": preset("ice40"),
}
SEEDS = 3


def right(found, answers):
    """Compare the answers of a case with the golden model; say what is wrong first."""
    outcome = Outcome(found.image, found.golden, answers, None)
    assert not outcome.wrong, f"{found.name}: {outcome.faults()}"


def right_at_the_end(found, answers):
    """Compare the answers of whole runs with the golden model: the last outputs, and the sums of the counters."""
    for vector, (answer, counters) in enumerate(zip(answers, found.golden.counters, strict=True)):
        wanted = found.golden.values[-1][vector]
        assert answer.value.outputs.tolist() == wanted.tolist(), f"{found.name}, vector {vector}"
        assert answer.value.counters == vars(sum(counters, Counters())), f"{found.name}, vector {vector}"
        assert answer.value.flags["saturated"] == any(flags[vector] for flags in found.golden.saturated)


def try_all(spec, *, seed):
    """Run all cases of a machine in one simulation, one image after the other, without a reset in between."""
    machine, talks, checks = generate(spec), [], []
    found = cases.everything(spec, seed=seed)
    for talk, check, some in ((layer_by_layer, right, found), (together, right_at_the_end, found[-2:])):
        for one in some:
            mine = talk(one.image, one.golden)
            checks.append((check, one, slice(len(talks), len(talks) + len(mine))))
            talks += mine
    answers = hold(machine, talks)
    for check, one, where in checks:
        check(one, answers[where])


@pytest.mark.parametrize("name", MACHINES)
def test_every_value_and_counter_is_goldens(name):
    try_all(MACHINES[name], seed=MACHINES[name].pes)


@pytest.mark.full
@pytest.mark.parametrize(("name", "pes"), [(name, pes) for name, spec in PRESETS.items() for pes in (1, 2, 3, 4, 16, 64)
                                           if 5 * pes <= spec.columns])
def test_every_preset_at_every_size(name, pes):
    try_all(preset(name, pes=pes), seed=pes)


def sweep(seed):
    """Try a random machine; the seed is in the test's name and the machine in its output."""
    spec = cases.random_spec(np.random.default_rng(seed))
    print(f"seed {seed}: {spec}")
    try_all(spec, seed=seed)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_random_machines(seed):
    sweep(seed)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(SEEDS, 60))
def test_many_random_machines(seed):
    sweep(seed)


def test_a_reset_in_the_middle_of_a_layer_leaves_no_trace():
    """Whenever it comes, the next load and run are as those of a fresh machine."""
    spec = MACHINES["4"]
    one, other = cases.everything(spec, seed=1)[::3]
    steps, talk = [], layer_by_layer(other.image, other.golden)
    for cycle in (1, 2, 5, 30, 45, 60, 75, 90, 100, 110, 120):
        steps += [partial(cut, one.image, one.golden.inputs[0], after=cycle), *talk]
    answers = hold(generate(spec), steps)
    for start in range(0, len(steps), len(talk) + 1):
        right(other, answers[start + 1:start + 1 + len(talk)])


def test_the_extremes_are_extreme():
    """The corners that a case claims are in it: the order of saturating additions matters, and sums end at exact halves."""
    layer = (found := cases.extremes(EieSpec(pes=4))).image.layers[0]
    values = found.golden.values[0]
    assert found.golden.saturated[0].all()
    assert values[0, 0] != values[0, 1], "the same products in another order"
    sums = [Fraction(int(bias) + 1, 1 << layer.shift) for bias in layer.bias[6:18]]     # the last vector's one product is 1
    assert values[3, 6:18].tolist() == [round(each) for each in sums]
    halves = [each for each in sums if each.denominator == 2]
    assert {(each > 0, round(each) > each) for each in halves} == {(s, up) for s in (True, False) for up in (True, False)}
