"""Small networks for the SCNN array, and a run of the golden machine on one of them."""

import numpy as np

from compress.scnn import block
from compress.scnn.assemble import Assembly, assemble
from compress.scnn.tensor import indices, planes, recover
from golden.scnn.layer import Layer, forward
from golden.scnn.model import ArrayModel


def sparse(rng, shape, density, low=-30, high=30):
    """Whole numbers of which a share is not 0."""
    values = rng.integers(low, high + 1, shape)
    values[values == 0] = 1
    return np.where(rng.random(shape) < density, values, 0)


def conv(rng, name, source, outputs, inputs, rows, cols=None, *, density=0.5, bias=True, **rest):
    """A layer with random weights; ``source`` names its input or inputs."""
    weight = sparse(rng, (outputs, inputs, rows, cols or rows), density).astype(np.int16)
    return Layer(name=name, inputs=(source,) if isinstance(source, str) else source, weight=weight,
                 bias=rng.integers(-500, 500, outputs).astype(np.int32) if bias else None, **rest)


def golden_model(assembly: Assembly, x: np.ndarray) -> ArrayModel:
    """Golden's machine with the programs and the input in its memories."""
    spec, source = assembly.spec, assembly.source
    made = ArrayModel(spec=spec, layers=assembly.layers, lanes=assembly.lanes, taps=assembly.taps, supply=assembly.supply,
                      drain=assembly.drain, weights=assembly.weights, codebooks=assembly.codebooks)
    for pe in range(spec.pes):
        place = spec.position(pe, source.level)[1]
        for form in source.blocks:
            counts, values, runs = block.encode(planes(spec, source, x.astype(np.int64), form, pe))
            ends = np.cumsum(counts)
            for index, end, count in zip(indices(source, form, place).tolist(), ends.tolist(), counts.tolist(), strict=True):
                made.memories[pe][index] = values[end - count:end], runs[end - count:end]
    return made


def compare(spec, layers, x, **choices):
    """Run a network on the golden machine and compare every kept tensor with a dense convolution; return machine and traces."""
    assembly = assemble(spec, layers, x.shape, **choices)
    made, want = golden_model(assembly, x), forward(layers, x)
    traces = made.run()
    output = assembly.mappings[-1].output
    np.testing.assert_array_equal(recover(spec, output, made.memories), want[output.name])
    return assembly, made, traces
