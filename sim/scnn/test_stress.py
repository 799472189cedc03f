"""Random small networks of every kind of layer on the generated array: every value golden's, no run that hangs."""

import numpy as np
import pytest

from sim.scnn import check, stress
from sim.scnn.networks import NETWORKS, sparse
from spec.scnn import preset

MIXED = -1              # levels drawn for each layer


def cases(spec, seeds, level):
    """Every kind of network with each seed, on a level; the weight stream pauses in every second one."""
    for seed in seeds:
        for kind in stress.KINDS:
            layers, x = stress.network(kind, seed)
            drawn = np.random.default_rng(seed).integers(0, len(spec.block_sides), len(layers))
            levels = tuple(np.sort(drawn).tolist()) if level == MIXED else (level,) * len(layers)
            passes = tuple(np.random.default_rng(seed + 1).integers(1, 4, len(layers)).tolist())
            given = [check.Case(name=f"{kind}-{seed}", layers=layers, x=x, levels=levels, passes=own, pause=seed % 2 * 100)
                     for own in (passes, ())]
            yield from [case for case in given if check.fits(case, spec)][:1]


def run(rows, cols, seeds, folder, level):
    """Run the networks of these seeds one after another on one array."""
    spec = preset("ecp5", rows=rows, cols=cols)
    chosen = list(cases(spec, seeds, level))
    assert len(chosen) > len(seeds) * len(stress.KINDS) // 2, "the array must hold most networks"
    found = [(case.name, faults) for case, answer in zip(chosen, check.run(spec, chosen, folder), strict=True)
             if (faults := check.faults(case, *answer))]
    assert not found, found


@pytest.mark.parametrize("rows, cols, level, first, count", [
    (2, 2, 0, 0, 4), (2, 2, 1, 0, 4), (2, 2, MIXED, 4, 4),
    *(pytest.param(*shape, level, 100, count, marks=pytest.mark.full)
      for shape, levels, count in (((1, 1), 1, 30), ((2, 2), 2, 30), ((3, 2), 2, 30), ((4, 4), 3, 30), ((8, 8), 4, 5))
      for level in (*range(levels), MIXED))])
def test_random_networks(rows, cols, level, first, count, tmp_path):
    run(rows, cols, range(first, first + count), tmp_path, level)


def test_a_wrong_value_and_a_hang_are_noticed(tmp_path):
    """The check itself: another input than the machine got, and a limit that no run keeps."""
    spec = preset("ecp5", rows=2, cols=2)
    rng = np.random.default_rng(1)
    layers, x = NETWORKS["pairs"](rng), sparse(rng, (3, 7, 8), 0.5, 100)
    case = check.Case(name="a", layers=layers, x=x, levels=(0,) * len(layers))
    short = check.Case(name="b", layers=layers, x=x, levels=(0,) * len(layers), limit=100)
    right, late, again = check.run(spec, [case, short, case], tmp_path)
    assert not check.faults(case, *right)
    assert not check.faults(case, *again), "after a run that was given up the machine works again"
    assert check.faults(short, *late)[0].startswith("the layers must end within 100 cycles, and it has not;")
    other = check.Case(name="c", layers=layers, x=2 * x, levels=(0,) * len(layers))
    assert any("are wrong" in fault for fault in check.faults(other, *right))
