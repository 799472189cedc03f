"""Large layers are compressed within the time and memory of one core of a small machine: CPU seconds, whatever else runs."""
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from compress.eie.encode import decode, encode
from golden.eie.patterns import TABLE
from spec.eie import preset
from tests.commands import cost

ROOT = Path(__file__).parents[1]


@pytest.mark.full
def test_fc7_of_alexnet_is_encoded_in_3_seconds():
    layer = TABLE["Alex-7"]
    random = np.random.default_rng(1)
    codes = random.integers(1, 16, (layer.outputs, layer.inputs), np.uint8)
    codes *= random.random(codes.shape, np.float32) < layer.weight_density
    spec = preset("default", entries=1 << 16)
    begun = time.process_time()
    encoded = encode(codes, spec)
    took = time.process_time() - begun
    print(f"encoded alone: {took:.2f} s")
    assert took <= 3
    np.testing.assert_array_equal(decode(encoded.entries, encoded.pointers, spec, rows=layer.outputs), codes)


@pytest.mark.full
@pytest.mark.parametrize(("name", "seconds", "gibibytes"), [("Alex-7", 20, 4), ("VGG-6", 120, 4)])
def test_a_large_layer_is_pruned_shared_and_encoded(name, seconds, gibibytes, tmp_path):
    layer = TABLE[name]
    weight = np.random.default_rng(2).standard_normal((layer.outputs, layer.inputs), dtype=np.float32)
    np.savez(tmp_path / "net.npz", **{"fc.weight": weight})
    command = [sys.executable, "-m", "compress.build", tmp_path / "net.npz", "-o", tmp_path / "image.npz", "--no-reference",
               "--density", str(layer.weight_density)]
    code, took, memory = cost(*command, cwd=ROOT, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    print(f"{name}: {took:.1f} s, {memory / 2 ** 30:.2f} GiB")
    assert code == 0
    assert (tmp_path / "image.npz").is_file()
    assert took <= seconds
    assert memory <= gibibytes << 30
