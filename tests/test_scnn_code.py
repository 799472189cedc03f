"""Weights as codes: codebooks of layers, and golden's machine on them against a dense convolution."""

from dataclasses import replace

import numpy as np
import pytest

from compress.scnn import code, image
from compress.scnn.assemble import assemble
from spec.scnn import preset
from tests.scnn_sample import compare, conv, sparse

SAME = (1, 1, 1, 1)


def few(rng, layer, values):
    return replace(layer, weight=np.where(layer.weight != 0, rng.choice(values, layer.weight.shape), 0).astype(np.int16))


def network(rng):
    return [few(rng, conv(rng, "a", "input", 6, 3, 3, pad=SAME, shift=6), (-7, -3, 2, 5, 9)),
            few(rng, conv(rng, "b", "a", 6, 6, 3, pad=SAME, shift=6, residual=("a", 2)), (1, -32768, 32767, 11))]


@pytest.mark.parametrize("level", [0, 1])
def test_golden_computes_a_convolution_with_codes(level):
    rng = np.random.default_rng(5)
    assembly, _, _ = compare(preset("default", rows=2, cols=2, weight_code_bits=4), network(rng),
                             sparse(rng, (3, 9, 10), 0.5).astype(np.int16), levels=[level] * 2)
    assert assembly.codebooks.shape == (1, 16) and assembly.codebooks[0, 0] == 0, "ten values of both fit one codebook"
    assert {4, -32768, -7} <= set(assembly.codebooks[0].tolist()), "the residual's power of two is among them"


def test_codes_are_places_in_the_codebook():
    assert code.codes(np.array([0, -5, 3, 7, 0, 0]), np.array([7, 0, -5, 3])).tolist() == [3, 0, 1, 2]


def test_layers_with_too_many_values_are_refused():
    rng = np.random.default_rng(6)
    spec = preset("default", rows=1, cols=1, weight_code_bits=4)
    layers = [conv(rng, "a", "input", 6, 3, 3, pad=SAME, shift=6)]
    with pytest.raises(ValueError, match=r"^weights of a must have at most 15 values other than 0, not \d\d; share them"):
        assemble(spec, layers, (3, 6, 6))


def test_an_image_holds_its_codebooks(tmp_path):
    rng = np.random.default_rng(7)
    spec = preset("default", rows=1, cols=1, weight_code_bits=4)
    made = image.of(assemble(spec, [network(rng)[0]], (3, 6, 6)))
    image.save(made, tmp_path / "a.npz")
    assert image.load(tmp_path / "a.npz").arrays["codebooks"].tolist() == [[0, -7, -3, 2, 5, 9, *[0] * 10]]
    made.arrays.pop("codebooks")
    image.save(made, tmp_path / "b.npz")
    with pytest.raises(ValueError, match="members must include codebooks, not lack it"):
        image.load(tmp_path / "b.npz")


def test_a_block_of_codes_may_have_more_entries_than_an_item_counts():
    """9 taps of 32 channels without a zero are 288 entries, and an item has 8 bits beside its last."""
    rng = np.random.default_rng(8)
    spec = preset("default", rows=1, cols=1, weight_code_bits=4)
    layers = [few(rng, conv(rng, "a", "input", 32, 1, 3, density=1.0, pad=SAME, shift=6), (-1, 2))]
    _, _, traces = compare(spec, layers, sparse(rng, (1, 4, 4), 0.5).astype(np.int16), passes=[1])
    assert traces[0].weights.counts.tolist() == [[[288]]]
