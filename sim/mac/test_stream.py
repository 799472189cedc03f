"""Products that B stays for: the tiles of the Verilog never wait, and every value is the golden model's."""
from functools import partial

import numpy as np
import pytest

from compress.mac.actions import multiply
from golden.mac import matmul
from golden.mac.cases import dots
from sim.mac.run import talk
from spec.mac import MacSpec


@pytest.mark.parametrize(("tiles", "size", "adds"), [
    pytest.param(1, 256, False, marks=pytest.mark.full), pytest.param(4, 256, False, marks=pytest.mark.full),
    pytest.param(4, 256, True, marks=pytest.mark.full), (1, 64, False)])
def test_an_operation_a_cycle_a_tile(tiles, size, adds, tmp_path):
    spec, rng = MacSpec(tiles=tiles), np.random.default_rng(size)
    a, b, _ = dots("fp16", "fp32", size, size, rng)
    c = dots("fp16", "fp32", size * size, 1, rng)[2].reshape(size, size) if adds else None
    result, _ = talk(spec, partial(multiply, spec, a, b.T, c, "fp16"), folder=tmp_path)
    assert np.array_equal(result.outputs, matmul(spec, a, b.T, c, fmt="fp16"))
    operations = (size // 4) ** 3 // tiles
    assert result.counters["operations"] == operations
    assert operations / result.counters["cycles"] >= 0.95, result.counters
