"""Networks on the generated array at every level: every output golden's, every slot counted once, times as the model says."""
import numpy as np
import pytest

from sim.scnn import check
from sim.scnn.networks import NETWORKS, in_turn, sparse
from spec.scnn import preset

SHAPE = 3, 16, 18


def run(rows, cols, chosen, folder):
    """Run (network, levels) one after another on one array; an int is the level of all layers."""
    spec, cases = preset("ecp5", rows=rows, cols=cols, memory_words=2048 if rows * cols > 1 else 8192), []
    for name, levels in chosen:
        rng = np.random.default_rng([rows, cols, *name.encode()])
        layers = NETWORKS[name](rng)
        cases.append(check.Case(name=f"{name} at {levels}", layers=layers, x=sparse(rng, SHAPE, 0.5, 100),
                                levels=levels if isinstance(levels, tuple) else (levels,) * len(layers)))
    for case, answer in zip(cases, check.run(spec, cases, folder), strict=True):
        assert not (faults := check.faults(case, *answer)), (case.name, faults)
        assert not (late := check.late(case, *answer)), (case.name, late)


def test_one_pe(tmp_path):
    run(1, 1, [("plain", 0)], tmp_path)


def test_four_pes_in_tiles_and_in_a_block(tmp_path):
    run(2, 2, [("wide", 0), ("strided", 1), ("residual", 1), ("plain", (0, 1))], tmp_path)


@pytest.mark.parametrize("rows, cols, shape", [
    (2, 2, (3, 5, 7)), *(pytest.param(*one, marks=pytest.mark.full) for one in ((3, 2, (3, 7, 9)), (4, 4, (3, 9, 13))))])
def test_channels_take_turns(rows, cols, shape, tmp_path):
    spec, rng = preset("ecp5", rows=rows, cols=cols, memory_words=2048), np.random.default_rng([rows, cols])
    case = check.Case(name="in turn", layers=in_turn(rng), x=sparse(rng, shape, 0.8, 100), levels=(0,) * 4)
    answer, = check.run(spec, [case], tmp_path)
    assert sum(mapping.output.turns for mapping in answer[0].mappings) >= 2
    assert not (faults := check.faults(case, *answer)), faults
    assert not (late := check.late(case, *answer)), late


@pytest.mark.full
@pytest.mark.parametrize("rows, cols, levels", [(1, 1, 1), (2, 2, 2), (3, 2, 2), (2, 4, 3), (4, 4, 3), (8, 8, 4)])
def test_every_network_at_every_level(rows, cols, levels, tmp_path):
    run(rows, cols, [(name, level) for name in NETWORKS for level in range(levels)]
        + [("deep", tuple(min(levels - 1, at // 2 + first) for at in range(4))) for first in range(levels)], tmp_path)
