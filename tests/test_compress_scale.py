"""Scales: nothing saturates on the training set, 16 bits are used, and headroom is a true bound."""
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from compress.eie.assemble import IntegerLayer
from compress.eie.integer import apply, quantise, run
from compress.eie.scale import scale
from compress.network import Dense, forward
from compress.share import share
from spec.eie import preset


def network(sizes=(20, 60, 40, 5), seed=0, density=0.4, relu_last=False, size=1.0):
    rng = np.random.default_rng(seed)
    last = len(sizes) - 2
    layers = [Dense(name=f"fc{k}", relu=k < last or relu_last, bias=rng.normal(size=outs) * size,
                    weight=rng.normal(size=(outs, ins)) * size * (rng.random((outs, ins)) < density))
              for k, (ins, outs) in enumerate(zip(sizes, sizes[1:], strict=False))]
    return layers, rng.normal(size=(200, sizes[0]))


def made(spec, bound="worst", **options):
    layers, samples = network(**options)
    shared = share([layer.weight for layer in layers], bits=spec.codebook_bits, codebooks=spec.codebooks)
    return layers, shared, samples, scale(layers, shared, spec, samples, bound=bound)


def sums(quantised, number, x):
    """All partial sums of a layer for one input, added in ascending column order, in Python integers."""
    layer = quantised.layers[number]
    book = [int(value) for value in quantised.codebooks[layer.codebook]]
    for row, codes in enumerate(layer.codes.toarray()):
        total = 0 if layer.bias is None else int(layer.bias[row])
        yield total
        for column in np.flatnonzero(codes):
            total += book[codes[column]] * int(x[column])
            yield total


@pytest.mark.parametrize("name", ["default", "ecp5", "paper"])
@pytest.mark.parametrize("size", [0.03, 1.0, 300.0])
def test_sixteen_bits_are_used_and_nothing_saturates(name, size):
    _, _, samples, quantised = made(preset(name), size=size)
    spec = preset(name)
    x, lost = quantise(samples, quantised.input_scale, 16)
    assert lost == 0 and np.abs(x.astype(int)).max() == round(32767 / 1.25)
    for layer, headroom in zip(quantised.layers, quantised.headroom, strict=True):
        assert 0 <= layer.shift < 1 << spec.shift_bits
        x, lost = apply(layer, quantised.codebooks[layer.codebook], x, spec)
        assert lost == 0 and np.abs(x).max() >= 32000 / 1.25
        assert -32768 <= x.min() <= x.max() <= 32767
        assert 0 <= headroom < 2
    assert quantised.saturated == [0, 0, 0] and quantised.warnings() == []


@pytest.mark.parametrize("seed", range(4))
def test_headroom_bounds_every_partial_sum_of_the_worst_inputs(seed):
    spec = preset("default")
    _, _, _, quantised = made(spec, seed=seed)
    for number, layer in enumerate(quantised.layers):
        signs = np.sign(quantised.codebooks[layer.codebook][layer.codes.toarray()].astype(int))
        signed = number == 0
        bound = (2 ** 31 - 1) / 2 ** quantised.headroom[number]
        worst = 0
        for row in signs:
            for side in 1, -1:
                x = np.where(row * side > 0, 32767, -32768 if signed else 0)
                worst = max(worst, *(abs(total) for total in sums(quantised, number, x)))
        assert 0.9 * bound < worst <= bound * (1 + 1e-9) < 2 ** 31


def test_integers_follow_the_real_network():
    layers, shared, samples, quantised = made(preset("default"))
    x, _ = quantise(samples, quantised.input_scale, 16)
    got = run(quantised.layers, quantised.codebooks, x, preset("default")) * quantised.output_scale
    want = forward(shared.network(layers), samples)[-1]
    assert np.abs(got - want).max() < 2e-3 * np.abs(want).max()


def test_more_layers_than_codebooks_share_them():
    spec = preset("default", codebooks=2)
    layers, shared, samples, quantised = made(spec, sizes=(20, 30, 30, 30, 30, 4))
    assert [layer.codebook for layer in quantised.layers] == [0, 0, 0, 1, 1]
    assert quantised.codebooks.shape == (2, 16) and quantised.warnings() == []
    assert all(headroom >= 0 for headroom in quantised.headroom)
    x, _ = quantise(samples, quantised.input_scale, 16)
    got = run(quantised.layers, quantised.codebooks, x, spec) * quantised.output_scale
    want = forward(shared.network(layers), samples)[-1]
    assert np.abs(got - want).max() < 2e-3 * np.abs(want).max()


def test_possible_saturation_is_told():
    spec = preset("default", acc_bits=24, act_bits=12, weight_bits=12)
    *_, quantised = made(spec, sizes=(1000, 4), density=1)
    assert quantised.headroom[0] < 0
    assert any("fc0: the accumulator may saturate, by up to" in text for text in quantised.warnings())


def test_outputs_that_cannot_fit_are_told():
    *_, quantised = made(preset("default", codebooks=1, shift_bits=1), seed=3)
    assert max(quantised.saturated) > 0
    told = [text for text in quantised.warnings() if "saturate on the training vectors" in text]
    assert told == [f"fc{k}: {count} outputs saturate on the training vectors; take a machine with larger "
                    f"shift_bits" for k, count in enumerate(quantised.saturated) if count]


def test_a_coarse_codebook_is_told():
    *_, quantised = made(preset("default", shift_bits=1))
    largest = np.abs(quantised.codebooks).max(1)
    assert (largest < 127).all()
    assert [text.partition(";")[0] for text in quantised.warnings()] == [
        f"fc{k}: the largest entry of its codebook is only {value}" for k, value in enumerate(largest)]


def test_biases_that_dwarf_the_weights_still_fit():
    spec = preset("default")
    *_, samples, quantised = made(spec, size=1e-4)
    assert all(headroom >= 0 for headroom in quantised.headroom)
    assert all(np.abs(layer.bias).max() < 2 ** 31 for layer in quantised.layers)


def test_narrow_numbers_stay_in_range():
    spec = preset("default", act_bits=6, weight_bits=5, acc_bits=16)
    *_, samples, quantised = made(spec)
    assert np.abs(quantised.codebooks).max() <= 15
    x, _ = quantise(samples, quantised.input_scale, 6)
    for layer in quantised.layers:
        x, _ = apply(layer, quantised.codebooks[layer.codebook], x, spec)
        assert -32 <= x.min() <= x.max() <= 31


@pytest.mark.parametrize("shift", [0, 1, 4])
@pytest.mark.parametrize("relu", [False, True])
def test_outputs_round_half_to_even_and_saturate(shift, relu):
    spec = preset("default")
    totals = [*range(-40, 41), 2 ** 31 - 1, -2 ** 31, 32767 << shift, -32768 << shift, (32767 << shift) + 9999]
    codes = np.zeros((len(totals), 1), int)
    layer = IntegerLayer(name="fc", codes=codes, bias=np.array(totals), shift=shift, relu=relu)
    got, lost = apply(layer, np.zeros(16, int), np.zeros((1, 1), int), spec)
    want = [round(Fraction(total, 1 << shift)) for total in totals]
    kept = [max(-32768, min(32767, value)) for value in want]
    assert got[0].tolist() == [max(0, value) for value in kept] if relu else kept
    assert lost == sum(a != b and (a > 0 or not relu) for a, b in zip(want, kept, strict=True))


def test_quantise_rounds_half_to_even_and_counts_what_does_not_fit():
    values = np.array([0.5, 1.5, -0.5, -2.5, 40000, -40000, 32767, -32768, 32767.5])
    whole, lost = quantise(values, 1.0, 16)
    assert whole.dtype == np.int16 and lost == 3
    assert whole.tolist() == [0, 2, 0, -2, 32767, -32768, 32767, -32768, 32767]
    with pytest.raises(ValueError, match=r"values must be numbers, not NaN at \(0, 1\)"):
        quantise(np.array([[0, np.nan]]), 1.0, 16)


def relu_layer(outputs, inputs, density, seed=1):
    """A layer like AlexNet's FC8, and vectors after a ReLU: half to calibrate, half held back."""
    rng = np.random.default_rng(seed)
    weight = rng.normal(size=(outputs, inputs)) * 0.01
    weight *= np.abs(weight) >= np.quantile(np.abs(weight), 1 - density)
    x = np.maximum(rng.normal(size=(40, inputs)) - 0.4, 0)
    return [Dense(name="fc8", weight=weight, bias=rng.normal(size=outputs) * 0.1, relu=False)], x[:20], x[20:]


def rounding(layers, shared, quantised, inputs):
    """Root mean square of what whole numbers change in the outputs, over that of the outputs."""
    want = forward(shared.network(layers), inputs)[-1]
    return float(np.sqrt(np.mean((quantised.outputs(inputs)[-1] - want) ** 2) / np.mean(want ** 2)))


@pytest.mark.parametrize("bits", [16, 14])
def test_a_wide_layer_after_a_relu_keeps_its_outputs(bits):
    layers, samples, held = relu_layer(1000, 4096, 0.25)
    spec = preset("default", act_bits=bits)
    shared = share([layers[0].weight], bits=4, codebooks=1)
    quantised = scale(layers, shared, spec, samples)
    assert rounding(layers, shared, quantised, held) < 0.0015
    assert np.abs(quantised.codebooks).max() > 1000 and quantised.signed == [False]
    assert quantised.measured[0] >= 0.99 and quantised.warnings() == []


def test_the_bound_from_data_leaves_twice_the_largest_sum_in_any_order():
    spec = preset("default")
    layers, shared, samples, quantised = made(spec, bound="data", sizes=(20, 60, 5))
    x, _ = quantise(samples, quantised.input_scale, 16)
    for number, layer in enumerate(quantised.layers):
        book = quantised.codebooks[layer.codebook].astype(int)[layer.codes.toarray()]
        largest = 0
        for vector in x.astype(int):
            terms = book * vector
            for side in 1, -1:                          # the worst order takes all terms of one sign first
                largest = max(largest, int((side * layer.bias + np.maximum(side * terms, 0).sum(1)).max()))
        assert quantised.measured[number] == pytest.approx(np.log2((2 ** 31 - 1) / largest), abs=1e-9)
        assert quantised.measured[number] > 0.99
        x, _ = apply(layer, quantised.codebooks[layer.codebook], x, spec)


def test_inputs_told_not_to_be_negative_get_a_finer_codebook():
    layers, samples = network(sizes=(200, 8), density=1.0)
    shared = share([layer.weight for layer in layers], bits=4, codebooks=1)
    finest = [np.abs(scale(layers, shared, preset("default"), np.abs(samples), bound="worst",
                           input_range=span).codebooks.astype(int)).max() for span in ((0.0, 4.0), (-4.0, 4.0))]
    assert finest[0] > 1.2 * finest[1]


def test_activations_of_the_calibration_have_a_quarter_to_spare():
    _, _, samples, quantised = made(preset("default"), bound="data")
    x, lost = quantise(1.24 * samples, quantised.input_scale, 16)
    assert lost == 0
    told = scale(*network()[:1], made(preset("default"))[1], preset("default"), samples, input_range=(-8.0, 8.0))
    assert told.input_scale == 8 / 32767 * 2 ** (16 - told.used_bits[0]) or told.used_bits[0] < 16


def test_an_unknown_bound_is_refused():
    layers, shared, samples, _ = made(preset("default"))
    with pytest.raises(ValueError, match="bound must be one of data, worst, not 'best'"):
        scale(layers, shared, preset("default"), samples, bound="best")


def test_a_codebook_in_whole_numbers_stays_as_it_is():
    from scipy import sparse

    from compress.network import Given
    rng = np.random.default_rng(3)
    codes, book = rng.integers(0, 4, (9, 12)).astype(np.uint8), np.array([0, -700, 31000, 5])
    layer = Dense(name="fc", weight=book[codes].astype(float), bias=np.arange(9.0) * 1e4, relu=False,
                  given=Given(codes=sparse.csr_array(codes), codebook=book))
    samples, spec = rng.uniform(-2, 2, (50, 12)), preset("default")
    shared = share([layer.weight], bits=4, codebooks=2, given=[layer.given])
    for bound in "data", "worst":
        quantised = scale([layer], shared, spec, samples, bound=bound)
        assert quantised.codebooks[0].tolist() == [0, -700, 31000, 5] + [0] * 12
        assert rounding([layer], shared, quantised, samples) < 1e-3
    assert quantised.layers[0].codes.toarray().tolist() == codes.tolist()


def test_a_little_saturation_is_not_called_none():
    *_, quantised = made(preset("default"), bound="worst")
    for bits, words in ((-0.01, "by up to less than 0.1 bits"), (-0.07, "by up to 0.1 bits"), (-2.34, "by up to 2.3 bits")):
        said = replace(quantised, headroom=[bits, 1.0, 1.0]).warnings()
        assert len(said) == 1 and said[0].startswith(f"fc0: the accumulator may saturate, {words}; ")
