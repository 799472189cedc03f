"""The proof of accumulators: no input leaves the bounds, the bounds are met, and what could wrap is refused."""

import numpy as np
import pytest

from compress.scnn.bound import prove
from golden.scnn.layer import Layer, Pool, apply
from spec.scnn import preset
from tests.scnn_sample import conv, sparse


def test_the_worst_input_meets_the_bound():
    rng = np.random.default_rng(1)
    layer = conv(rng, "a", "input", 3, 2, 3, density=0.6)
    bound = prove(preset(), [layer])["a"]
    worst = max(int(apply(layer, np.where(layer.weight[k] > 0, 32767, -32768))[1][k].max()) for k in range(3))
    assert worst <= bound.high <= worst + 1
    least = min(int(apply(layer, np.where(layer.weight[k] > 0, -32768, 32767))[1][k].min()) for k in range(3))
    assert least - 1 <= bound.low <= least
    assert bound.headroom == 31 - max(bound.high, -bound.low - 1).bit_length()


@pytest.mark.parametrize("seed", range(5))
def test_no_input_leaves_the_bounds(seed):
    rng = np.random.default_rng(seed)
    layers = [conv(rng, "a", "input", 4, 3, 3, shift=7, product_shift=3, pool=Pool(kind="sum", size=(2, 2), stride=(2, 2))),
              conv(rng, "b", "a", 4, 4, 1, shift=5, relu=False), conv(rng, "c", "b", 4, 4, 1, residual=("a", 2))]
    bounds = prove(preset("paper"), layers, 3000)
    tensors = {"input": sparse(rng, (3, 9, 9), 0.9, -3000, 3000)}
    for layer in layers:
        values, total = apply(layer, tensors[layer.inputs[0]], tensors.get(layer.residual[0]) if layer.residual else None)
        tensors[layer.name] = values
        assert bounds[layer.name].low <= total.min() and total.max() <= bounds[layer.name].high


def test_a_layer_that_could_wrap_is_refused():
    layer = Layer(name="a", inputs=("input",), weight=np.full((1, 8, 3, 3), 32767, np.int16))
    with pytest.raises(OverflowError, match="^sums of a must fit 36 bits, not 38; take smaller weights or inputs"):
        prove(preset(), [layer])
    assert prove(preset(), [layer], largest=1000)["a"].headroom == -1
