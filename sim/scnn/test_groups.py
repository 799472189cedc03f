"""Input-channel groups on the generated array: every output golden's, every slot counted once, times as the model says."""

import numpy as np
import pytest

from golden.scnn.layer import Layer
from sim.scnn import check, stress
from sim.scnn.networks import NETWORKS, sparse
from spec.scnn import preset

SHAPE = 3, 16, 18


def machine(rows, cols):
    return preset("ecp5", rows=rows, cols=cols, input_groups=4)


def splits(spec):
    """Levels of which tiles can be made of groups, and how many."""
    return [(level, groups) for level in range(len(spec.block_sides)) for groups in (2, 4)
            if spec.grouped(level, groups) is not None]


def split(name, layers, x, level, groups, **rest):
    """All layers of a network at one level with as many groups."""
    return check.Case(name=f"{name} at {level} in {groups}", layers=layers, x=x, levels=(level,) * len(layers),
                      groups=(groups,) * len(layers), **rest)


def named(spec, name, level, groups):
    rng = np.random.default_rng([spec.rows, spec.cols, *name.encode()])
    return split(name, NETWORKS[name](rng), sparse(rng, SHAPE, 0.5, 100), level, groups)


def drawn(spec, seeds):
    """Random networks of every kind in every split that holds them; the weight stream pauses in every second one."""
    for seed in seeds:
        for kind in stress.KINDS:
            layers, x = stress.network(kind, seed)
            cases = [split(f"{kind}-{seed}", layers, x, level, groups, pause=seed % 2 * 100) for level, groups in splits(spec)]
            yield from [case for case in cases if check.fits(case, spec)]


def saturating(signs):
    """A sum of four groups, of products of nearly 2^30; ``signs`` are those of three channels in each of the groups."""
    weight = np.full((4, 12, 1, 1), 32767, np.int16)
    layers = [Layer(name="a", inputs=("input",), weight=weight, shift=19, relu=False)]
    return layers, np.array(signs, np.int16).reshape(12, 1, 1) * np.full((12, 3, 4), 32767, np.int16)


BEYOND = (((1, 1, 1), (-1, -1, -1), (0, 0, 0), (0, 0, 0)), False), (((1, 0, 0), (1, 0, 0), (0, 0, 0), (0, 1, 0)), True), (
    ((-1, 0, 0), (0, 0, -1), (-1, 0, 0), (0, 0, 0)), True)
"""Parts beyond 32 bits whose total is 0; parts within them whose total is beyond."""


def run(spec, cases, folder, *, timed=True):
    """Run cases one after another on one array."""
    wrong = []
    for case, (assembly, tried) in zip(cases, check.run(spec, cases, folder), strict=True):
        faults = check.faults(case, assembly, tried)
        if timed and not case.pause:
            faults += check.late(case, assembly, tried)
        wrong += [(case.name, faults)] if faults else []
        assert tried.result is None or tried.result.counters["reduction"] > 0, case.name
    assert not wrong, wrong


def test_four_pes(tmp_path):
    """Mixed splits of networks in a row, and sums that the total alone decides to be too large."""
    spec = machine(2, 2)
    cases = [named(spec, name, level, groups) for name, level, groups in (
        ("residual", 2, 4), ("strided", 2, 2), ("max", 1, 2), ("joined", 2, 4), ("plain", 2, 2))]
    cases += [split("beyond", *saturating(signs), 2, 4, saturated=flag) for signs, flag in BEYOND]
    run(spec, [*cases, *list(drawn(spec, [1]))[::5]], tmp_path)


@pytest.mark.full
@pytest.mark.parametrize("rows, cols, count", [(1, 2, 6), (2, 2, 6), (2, 4, 3), (3, 2, 6), (4, 4, 2)])
def test_every_split(rows, cols, count, tmp_path):
    spec = machine(rows, cols)
    cases = [named(spec, name, level, groups) for name in NETWORKS for level, groups in splits(spec)]
    run(spec, [*(case for case in cases if check.fits(case, spec)), *drawn(spec, range(200, 200 + count))], tmp_path)
