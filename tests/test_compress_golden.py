"""Images meet the golden model, which reads the files with a loader and a decoder of its own."""
import numpy as np
import pytest

import golden.image
from compress.digits import folds
from compress.eie.assemble import assemble
from compress.eie.image import save
from compress.eie.integer import run
from compress.train import Recipe
from golden.eie import network
from spec.eie import preset
from tests.compress_sample import books, layers, small

QUICK = Recipe(hidden=(70, 33), dense_passes=5, prune_passes=6, share_passes=1, density=0.2)
MACHINES = {"default 64": preset("default"), "paper 5": preset("paper", pes=5), "ecp5 8": preset("ecp5", pes=8, slots=64),
            "one PE": preset("default", pes=1, slots=128), "9 bits": preset("default", pes=3, codebook_bits=5),
            "wide": preset("default", pes=4, codebook_bits=8, index_bits=2, word_bits=128)}


@pytest.mark.parametrize("order", ["balanced", "modulo"])
@pytest.mark.parametrize("name", MACHINES)
def test_golden_computes_what_the_layers_mean(name, order, tmp_path):
    spec = MACHINES[name]
    source = list(layers(spec, sizes=(61, 70, 33, 10), density=0.15))
    image = assemble(source, books(spec) // 32, spec, order_name=order, input_scale=0.25, output_scale=2.0)
    save(image, tmp_path / "net.npz")
    vectors = np.random.default_rng(4).integers(-3000, 3000, (7, 61)).astype(np.int16)
    vectors[0] = 0
    ran = network.run(golden.image.load(tmp_path / "net.npz"), vectors, count=False)
    assert not any(flags.any() for flags in ran.saturated)
    for number, layer in enumerate(image.layers):
        wanted = run(source[:number + 1], image.codebooks, vectors, spec)
        there = layer.rows >= 0
        assert np.array_equal(ran.values[number][:, there], wanted[:, layer.rows[there]])
        assert not ran.values[number][:, ~there].any()
    assert np.array_equal(ran.outputs, image.logical(ran.values[-1]))
    assert np.array_equal(ran.outputs, run(source, image.codebooks, vectors, spec))


def test_golden_recognises_as_many_digits_as_the_figures_say(tmp_path):
    fold = next(folds(QUICK, preset("default")))
    quantised = fold.quantised
    save(assemble(quantised.layers, quantised.codebooks, preset("default"), input_scale=quantised.input_scale,
                  output_scale=quantised.output_scale), tmp_path / "net.npz")
    ran = network.run(golden.image.load(tmp_path / "net.npz"), fold.inputs, count=False)
    assert ran.clipped == 0 and not any(flags.any() for flags in ran.saturated)
    assert int((ran.outputs.argmax(1) == fold.labels).sum()) == fold.right["integer"]


def test_a_machine_narrower_than_golden_expects_is_named(tmp_path):
    spec = small()
    save(assemble(list(layers(spec)), books(spec), spec), tmp_path / "net.npz")
    with pytest.raises(ValueError, match="pes of .*net.npz must be 8, not 4"):
        golden.eie.load(tmp_path / "net.npz", pes=8)
