"""Small networks of random integers that tests of the image use."""
import numpy as np

from compress.eie.assemble import IntegerLayer, assemble
from compress.eie.image import header, members
from spec.eie import EieSpec, preset


def small(**changes) -> EieSpec:
    return preset("default", **{"pes": 4, "slots": 16, "entries": 1024, "columns": 128} | changes)


def layers(spec, sizes=(10, 37, 18, 5), density=0.3, seed=1, bias=(True, False, True)):
    """Layers of random codes, the last without ReLU, some without bias."""
    rng = np.random.default_rng(seed)
    for k, (inputs, outputs) in enumerate(zip(sizes, sizes[1:], strict=False)):
        codes = rng.integers(1, 1 << spec.codebook_bits, (outputs, inputs))
        codes *= rng.random(codes.shape) < density
        yield IntegerLayer(
            name=f"fc{k + 1}", codes=codes, codebook=k % 2, shift=3 + k, relu=k < len(sizes) - 2,
            bias=rng.integers(-5000, 5000, outputs) if bias[k % len(bias)] else None)


def books(spec, count=2, seed=2):
    top = 1 << spec.weight_bits - 1
    values = np.random.default_rng(seed).integers(-top, top, (count, 1 << spec.codebook_bits))
    values[:, 0] = 0
    return values.astype(np.int16)


def sample(spec=None, *, order="balanced", **options):
    spec = spec or small()
    return assemble(list(layers(spec, **options)), books(spec), spec, order_name=order,
                    input_scale=1 / 1024, output_scale=0.5)


def same(one, two):
    assert header(one) == header(two)
    for name, array in members(one).items():
        other = members(two)[name]
        assert array.dtype == other.dtype and np.array_equal(array, other), name
