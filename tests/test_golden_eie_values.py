"""Values against plain loops over dense matrices: rounding, saturation in order, quantisation, and whole networks."""
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from golden import eie
from golden.eie import Layer, values
from golden.eie.image import Image, dense
from spec.eie import EieSpec
from tests.golden_eie import encode

SPEC = EieSpec(pes=3, slots=16, entries=1024, columns=64)
ENDS = (-32768, -32767, -1, 0, 1, 32767)


def naive(spec, layer, matrix, vector):
    """Outputs of one layer by one addition at a time; ``matrix`` is logical rows by physical columns."""
    outputs, saturated = [0] * (spec.pes * layer.out_slots), False
    top = 2 ** (spec.acc_bits - 1) - 1
    for place, row in enumerate(layer.places().tolist()):
        acc = 0 if layer.bias is None else int(layer.bias[place])
        for column in range(matrix.shape[1] if row >= 0 else 0):
            exact = acc + int(matrix[row, column]) * int(vector[column])
            acc = max(-top - 1, min(top, exact))
            saturated |= acc != exact
        outputs[place] = shifted(acc, layer.shift, spec.act_bits, layer.relu)
    return outputs, saturated


def shifted(acc, shift, bits, relu):
    """The output of a sum: Python's own round is half to even and exact on halves of such small numbers."""
    top = 2 ** (bits - 1) - 1
    floor, rest = divmod(acc, 2**shift)
    rounded = floor + round(floor % 2 + rest / 2**shift) - floor % 2
    return max(0 if relu else -top - 1, min(top, rounded))


def layer_of(spec, matrix, codebook, *, places=None, **changes):
    """A layer from a dense matrix of codes, logical rows by physical columns."""
    rows, columns = matrix.shape
    places = np.arange(rows) if places is None else places
    out_slots = int(places.max()) // spec.pes + 1
    layer = encode(spec, [{int(places[row]): int(matrix[row, column]) for row in np.flatnonzero(matrix[:, column])}
                          for column in range(columns)], out_slots)
    order = np.full(spec.pes * out_slots, -1, np.int32)
    order[places] = np.arange(rows)
    return replace(layer, outputs=rows, codebook=np.asarray(codebook), rows=order, **changes)


@pytest.mark.parametrize(("shift", "relu"), list(product(range(6), (False, True))))
def test_finished_sums_round_half_to_even_and_saturate(shift, relu):
    spec, layer = EieSpec(act_bits=4), Layer(entries=None, pointers=None, inputs=1, outputs=1, in_slots=1, out_slots=1,
                                             shift=shift, relu=relu)
    sums = np.arange(-600, 600)
    assert values.finish(spec, layer, sums).tolist() == [shifted(int(acc), shift, 4, relu) for acc in sums]


@pytest.mark.parametrize("weight", ENDS)
def test_every_pair_of_extremes_is_one_exact_product(weight):
    layer = layer_of(SPEC, np.ones((1, 1), int), [0, weight] + [0] * 14, shift=15)
    given = np.zeros((len(ENDS), SPEC.pes), int)
    given[:, 0] = ENDS
    outputs, saturated = values.layer(SPEC, layer, given)
    assert outputs[:, 0].tolist() == [shifted(weight * x, 15, 16, False) for x in ENDS]
    assert not saturated.any() and not outputs[:, 1:].any()


def test_additions_saturate_in_the_order_of_the_columns():
    layer = layer_of(SPEC, np.array([[1, 1, 1, 2, 2], [2, 1, 2, 1, 2]]), [0, 32767, -32768] + [0] * 13, shift=16)
    given = np.full((2, 6), 32767)
    given[1, :] //= 4
    outputs, saturated = values.layer(SPEC, layer, given)
    dense_matrix = np.array([[32767] * 3 + [-32768] * 2, [-32768, 32767, -32768, 32767, -32768]])
    assert [naive(SPEC, layer, dense_matrix, x) for x in given] == [(outputs[k].tolist(), saturated[k]) for k in (0, 1)]
    top = 2**31 - 1
    assert outputs[0, 0] == shifted(top - 2 * 32768 * 32767, 16, 16, False), "the third addition must have stopped at the top"
    assert saturated.tolist() == [True, False]


@pytest.mark.parametrize("seed", range(40))
def test_a_random_layer_is_the_plain_loop(seed):
    rng = np.random.default_rng(seed)
    spec = random_spec(rng)
    rows, columns = rng.integers(1, 30, 2)
    matrix = np.where(rng.random((rows, columns)) < rng.choice([0.1, 0.9]), rng.integers(1, 16, (rows, columns)), 0)
    top = 2 ** (spec.weight_bits - 1)
    codebook = np.append(0, rng.choice(np.append(rng.integers(-top, top, 13), [-top, top - 1]), 15))
    places = rng.permutation(int(rows) + int(rng.integers(0, 9)))[:rows]
    slots = int(places.max()) // spec.pes + 1
    bias = np.zeros(spec.pes * slots, np.int64)
    bias[places] = rng.integers(-2 ** (spec.acc_bits - 1), 2 ** (spec.acc_bits - 1), rows) // rng.choice([1, 2**10])
    layer = layer_of(spec, matrix, codebook, places=places, bias=bias if rng.integers(2) else None,
                     shift=int(rng.integers(0, 20)), relu=bool(rng.integers(2)))
    limit = 2 ** (spec.act_bits - 1)
    given = rng.integers(-limit, limit, (3, spec.pes * layer.in_slots)) * (rng.random((3, spec.pes * layer.in_slots)) < 0.6)
    given[:, columns:] = 0
    given[2] = 0
    weights = dense(spec, layer)
    assert np.array_equal(weights, codebook[matrix])
    outputs, saturated = values.layer(spec, layer, given)
    assert [(o.tolist(), s) for o, s in zip(outputs, saturated, strict=True)] == [naive(spec, layer, weights, x) for x in given]


def random_spec(rng):
    """A random machine whose accumulator is sometimes as narrow as one product."""
    act, weight = int(rng.choice([4, 8, 16])), int(rng.choice([4, 8, 16]))
    return EieSpec(pes=int(rng.choice([1, 2, 3, 16])), act_bits=act, weight_bits=weight, index_bits=int(rng.choice([1, 2, 4])),
                   acc_bits=int(rng.choice([32, max(8, act + weight)])), slots=64, entries=8192)


def network(rng, spec=SPEC):
    """An image of three layers, rows in a random physical order with absent slots."""
    codebook, layers, inputs = np.append(0, rng.integers(-999, 999, 15)), [], 10
    for number, rows in enumerate((11, 7, 5)):
        columns = inputs if not number else spec.pes * layers[-1].out_slots
        matrix = np.where(rng.random((rows, columns)) < 0.4, rng.integers(1, 16, (rows, columns)), 0)
        if number:
            matrix[:, layers[-1].places() < 0] = 0
        layers.append(layer_of(spec, matrix, codebook, places=rng.permutation(rows + 3)[:rows], shift=9, relu=number < 2,
                               codebook_number=number // 2))
    return Image(spec=spec, layers=tuple(layers), input_scale=0.5, output_scale=0.25)


def test_a_network_keeps_the_physical_order_between_layers_and_undoes_the_last():
    rng = np.random.default_rng(4)
    image, inputs = network(rng), rng.integers(-999, 999, (4, 10)).astype(np.int16)
    ran = eie.run(image, inputs)
    for vector in range(4):
        given = inputs[vector].astype(int)
        for number, layer in enumerate(image.layers):
            outputs, _ = naive(SPEC, layer, dense(SPEC, layer), given)
            assert ran.values[number][vector].tolist() == outputs
            given = np.array(outputs)
        rows = image.layers[-1].places()
        assert (rows[:5] < 0).any(), "an absent slot lies between the rows"
        assert ran.outputs[vector].tolist() == [outputs[int(np.flatnonzero(rows == row)[0])] for row in range(5)]
    assert ran.outputs.any()


def test_a_codebook_is_loaded_when_another_is_in_the_pes():
    ran = eie.run(network(np.random.default_rng(0)), np.ones((2, 10), np.int16))
    assert [[c.preload for c in counters] for counters in ran.counters] == [[16, 0, 16], [16, 0, 16]]


def test_a_machine_that_the_image_leaves_open_counts_its_own_cycles():
    image, given = network(np.random.default_rng(0)), np.ones(10, np.int16)
    slow = eie.run(image, given, spec=replace(SPEC, overlap_columns=False, skip_empty=False, broadcast_latency=5))
    fast = eie.run(image, given)
    assert np.array_equal(slow.outputs, fast.outputs)
    assert all(s.cycles > f.cycles for s, f in zip(slow.counters[0], fast.counters[0], strict=True))
    with pytest.raises(ValueError, match=r"pes of the machine must be 3, as in the image, not 4"):
        eie.run(image, given, spec=replace(SPEC, pes=4))


def test_floats_are_rounded_half_to_even_and_what_saturates_is_counted():
    given, clipped = values.quantise(SPEC, 0.5, np.array([0.25, 0.75, -0.25, -0.75, 1e9, -1e9, 16383.5, -16384]), 8)
    assert given.tolist() == [[0, 2, 0, -2, 32767, -32768, 32767, -32768]] and clipped == 2


def test_int16_is_taken_as_it_is():
    given, clipped = values.quantise(SPEC, 0.5, np.array([[-32768, 32767]], np.int16), 2)
    assert given.tolist() == [[-32768, 32767]] and clipped == 0


@pytest.mark.parametrize(("given", "error", "text"), [
    (np.zeros(3, np.int64), TypeError, "input must be float, uint8 or int16, not int64"),
    (["a", "b"], TypeError, "input must be float, uint8 or int16, not <U1"),
    (np.zeros(4), ValueError, r"input must be vectors of length 3, as the image says, not an array of shape \(4,\)"),
    (np.zeros((1, 1, 3)), ValueError, r"not an array of shape \(1, 1, 3\)"),
    (np.array([[0, 1, 2], [0, np.nan, 2]]), ValueError, "input must be finite, not nan at place 1 of vector 1"),
    (np.array([0, 0, -np.inf]), ValueError, "input must be finite, not -inf at place 2 of vector 0"),
])
def test_a_wrong_input_is_refused(given, error, text):
    with pytest.raises(error, match=text):
        values.quantise(SPEC, 1.0, given, 3)


def test_an_integer_beyond_the_machine_is_refused():
    with pytest.raises(OverflowError, match="input must be -8 to 7, not 8; act_bits is 4"):
        values.quantise(EieSpec(act_bits=4), 1.0, np.array([7, 8, -8], np.int16), 3)
