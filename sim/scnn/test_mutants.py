"""Faults in the netlist of a PE: runs of small networks must notice them."""
from functools import partial

import numpy as np
import pytest

from golden.scnn.layer import forward
from sim.scnn import check, corners, stress, upset
from sim.scnn.mutants import examine, told
from sim.scnn.networks import NETWORKS, close, conv, long, saturating, shifts, sparse
from sim.scnn.talks import Attempt, reset
from spec.scnn import preset

SPEC = preset("ecp5", rows=2, cols=2, bank_entries=64, act_words=32, weight_words=32, memory_words=256, blocks=64, taps=64,
              program=128, kc=32, queue_depth=8)
COUNT, LEAST, RUNS = 220, 0.97, 140
"""Faults, the share of those not proved equivalent that must be noticed, and runs in a row of the network of many passes."""
LONG = ((1, 40, 4), (0, 0)), ((1, 4, 40), (0, 0)), ((24, 2, 3), (0, 1)), ((24, 2, 3), (1, 1)), ((40, 1, 1), (1, 1))
"""Shapes of inputs that are large one way, and levels of two layers that fit the array."""
NAMES = ("strided", "max", "sum", "residual", "joined", "deep", "depthwise", "dense")


def cases():
    """Small networks of every kind, and random ones."""
    for name in NAMES:
        rng = np.random.default_rng(5)
        layers = NETWORKS[name](rng)
        x = sparse(rng, (3, 7, 9), 0.5, 100)
        for level in (0, 1):
            yield check.Case(name=f"{name}-{level}", layers=layers, x=x, levels=(level,) * len(layers))
        yield check.Case(name=f"{name}-rising", layers=layers, x=x, levels=(0, *[1] * (len(layers) - 1)))
    rng = np.random.default_rng(6)
    for first in range(0, 32, 5):
        layers = shifts(rng, range(first, min(first + 5, 32)))
        yield check.Case(name=f"shifts-{first}", layers=layers, x=sparse(rng, (2, 2, 3), 0.7, 100), levels=())
    yield check.Case(name="close", layers=close(rng), x=sparse(rng, (3, 8, 9), 0.6, 3), levels=(0, 0))
    for shape, levels in LONG:
        layers, x = long(rng, shape)
        yield check.Case(name=f"long-{shape}-{levels}", layers=layers, x=x, levels=levels)
    for sign in (1, -1):
        yield check.Case(name=f"saturating-{sign}", layers=saturating(rng, sign), x=sparse(rng, (3, 4, 4), 0.5, 100),
                         levels=(0,), saturated=True)
    for seed in range(3):
        for kind in stress.KINDS:
            layers, x = stress.network(kind, seed)
            yield check.Case(name=f"{kind}-{seed}", layers=layers, x=x, levels=(seed % 2,) * len(layers))
    yield from corners.cases()


def upsets():
    """Talks with wrong data, with too little room, and with a reset."""
    rng = np.random.default_rng(3)
    layers, x = [conv(rng, "a", "input", (8, 2, 3, 3), bias=False)], sparse(rng, (2, 6, 6), 1.0)
    odd = check.Case(name="odd", layers=layers, x=x, levels=(0,))
    image = odd.image(odd.assembly(SPEC))
    yield reset
    yield from (partial(upset.odd_activation, image, odd.x, pe=0, lane=lane) for lane in range(SPEC.i))
    yield partial(upset.late_programs, image, odd.x)
    layers, x = [conv(rng, "a", "input", (7, 1, 3, 3), density=1.0, bias=False)], sparse(rng, (1, 12, 12), 1.0)
    one = check.Case(name="filled", layers=layers, x=x, levels=(0,), passes=(1,))
    yield from (partial(told, upset.small_slots(one.image(one.assembly(SPEC)), size, size), x) for size in range(5))
    rng = np.random.default_rng(5)
    for level, cycles in ((0, (50, 330, 700)), (1, (60, 200, 550, 900))):
        layers = [*NETWORKS["residual"](rng), conv(rng, "c", "b", (4, 4, 1, 1), shift=4)]
        one = check.Case(name="broken", layers=layers, x=sparse(rng, (3, 7, 9), 0.5, 100), levels=(level,) * 3)
        yield from (partial(upset.interrupted, one.image(one.assembly(SPEC)), one.x, after) for after in cycles)
    for pe in range(SPEC.pes):
        layers, x = [conv(rng, "a", "input", (3 + pe, 2, 3, 3), bias=False)], sparse(rng, (2, 5 + pe, 6 + pe), 1.0)
        made = check.Case(name="full", layers=layers, x=x, levels=(0,)).assembly(SPEC)
        yield partial(upset.barely_full, made, x, forward(layers, x)["a"], pe)


def test_every_corner_is_one_of_this_array():
    chosen = [*corners.cases(), corners.marathon()]
    assert [case.name for case in chosen if not check.fits(case, SPEC)] == []
    programs = [[one.lanes.size, one.supply.shape[1], one.drain.shape[1]] for one in (case.assembly(SPEC) for case in chosen)]
    assert (np.max(programs, axis=0) > SPEC.program // 2).all(), "the upper half of each program is used"


@pytest.mark.full
def test_faults_of_a_pe_are_noticed(tmp_path):
    chosen = [*(case for case in cases() if check.fits(case, SPEC)), corners.marathon()]
    made = [case.assembly(SPEC) for case in chosen]
    talks = [partial(told, case.image(one), case.x) for case, one in zip(chosen, made, strict=True)]
    talks[-1] = partial(talks[-1], runs=RUNS)
    talks += upsets()
    verdict, answers = examine(tmp_path, SPEC, talks, count=COUNT)
    for case, one, (result, *_) in zip(chosen, made, answers[:len(chosen)], strict=True):
        assert not check.faults(case, one, Attempt(result=result)), case.name
    print(f"a PE: {verdict}", flush=True)
    assert verdict.tried >= 200 and verdict.share >= LEAST, verdict
