"""What sharing and whole numbers cost is told: rows that suffer, codebooks that are shared, outputs that are coarse."""
import re
from dataclasses import replace

import numpy as np
import pytest

from compress.eie.loss import losses, warnings
from compress.eie.scale import scale
from compress.network import Dense, forward, importance, rms
from compress.share import share
from spec.eie import preset

RNG = np.random.default_rng(0)


def told(layers, samples, spec, **options):
    """Losses and warnings of layers that are shared and scaled on samples."""
    masses = importance(layers, samples)
    shared = share([layer.weight for layer in layers], bits=spec.codebook_bits, codebooks=spec.codebooks, importance=masses)
    quantised = scale(layers, shared, spec, samples, **options)
    found = losses(layers, layers, shared, quantised, samples, masses)
    return found, warnings(layers, shared, quantised, spec, samples, masses, found), quantised


def chain(*sizes, density=1.0):
    return [Dense(name=f"fc{k}", relu=k < len(sizes) - 2,
                  weight=RNG.normal(size=(outs, ins)) * (RNG.random((outs, ins)) < density))
            for k, (ins, outs) in enumerate(zip(sizes, sizes[1:], strict=False))]


def test_errors_are_those_of_the_outputs():
    layers, samples, spec = chain(30, 40, 20), np.abs(RNG.normal(size=(80, 30))), preset("default")
    found, said, quantised = told(layers, samples, spec)
    wanted = forward(layers, samples)[-1]
    assert found[-1].integer == pytest.approx(rms(quantised.outputs(samples)[-1] - wanted) / rms(wanted))
    assert 0.05 < found[0].weights < 0.15 and found[0].shared == pytest.approx(found[0].integer, abs=1e-3)
    assert said == []


def test_rows_that_sharing_destroys_are_named():
    layers = chain(50, 40)
    layers[0].weight[[3, 17]] *= 1e-3
    _, said, _ = told(layers, np.abs(RNG.normal(size=(20, 50))), preset("default"))
    assert len(said) == 1
    assert said[0].startswith("fc0: sharing changes 2 of 40 rows by more than 50 % of their size: 3, 17; ")
    assert "take --codebook-bits 5" in said[0]


def test_one_weight_far_away_spoils_no_other_row():
    layers = [Dense(name="fc", weight=RNG.normal(size=(100, 100)) * 0.01, relu=False)]
    layers[0].weight[4, 4] = 100
    masses = [np.ones(100)]
    shared = share([layers[0].weight], bits=4, codebooks=1, importance=masses)
    assert np.delete(shared.row_errors(0, layers[0].weight, masses[0]), 4).max() < 0.2


def test_layers_that_share_a_codebook_say_what_it_costs():
    layers = chain(20, 30, 30, 4)
    layers[1] = Dense(name="fc1", weight=np.sign(layers[1].weight) * RNG.choice([0.2, 1.0], (30, 30)))
    found, said, _ = told(layers, np.abs(RNG.normal(size=(40, 20))), preset("default", codebooks=1))
    assert len(said) == 1 and said[0].startswith("fc0, fc1, fc2 share a codebook, which puts their weights ")
    assert found[1].weights > 0.01 and ", 0.0 %, " in said[0].partition("for each")[2]
    assert told(layers, np.abs(RNG.normal(size=(40, 20))), preset("default", codebooks=3))[1] == []
    same = [Dense(name=name, weight=RNG.choice([-0.5, 0.5, 1.0], (9, 9))) for name in ("a", "b")]
    assert told(same, np.abs(RNG.normal(size=(40, 9))), preset("default", codebooks=1))[1] == []


def wide():
    """A layer of so many inputs that room for the worst of them leaves its codebook few steps."""
    rng = np.random.default_rng(3)
    weight = np.round(rng.normal(size=(30, 6000)) * 24) / 24        # at most 255 values, which are kept as they are
    return [Dense(name="fc", weight=weight, relu=False)], np.maximum(rng.normal(size=(40, 6000)), 0)


def test_coarse_whole_numbers_are_told_with_what_helps():
    layers, samples, spec = *wide(), preset("default", codebook_bits=8)
    _, said, quantised = told(layers, samples, spec, bound="worst")
    assert quantised.error[0] > 0.005 > told(layers, samples, spec)[2].error[0]
    assert len(said) == 1 and said[0].startswith(f"whole numbers change the outputs by {100 * quantised.error[0]:.2f} %, and ")
    assert "; leave out --bound worst" in said[0]
    assert told(layers, samples, spec)[1] == []


def test_fewer_bits_for_activations_are_advised_where_they_help():
    layers, samples, spec = *wide(), preset("default", codebook_bits=8)
    _, said, quantised = told(layers, samples, spec, bound="worst", guessed=True)
    advised = re.search(r"take --act-bits (\d+), with which it is (\S+) %", said[0])
    assert advised and float(advised[2]) < 50 * quantised.error[0]
    fewer = told(layers, samples, replace(spec, act_bits=int(advised[1])), bound="worst",
                 input_range=quantised.input_range)[2]
    assert 100 * fewer.error[0] == pytest.approx(float(advised[2]), rel=0.3)


def test_outputs_that_whole_numbers_destroy_are_named():
    layers = [Dense(name="fc", weight=np.array([[1.0, 1.0], [1.0, -1.0]]), bias=np.array([0.0, 0.0]), relu=False)]
    samples = np.random.default_rng(1).uniform(1000, 1001, (50, 1)) + np.array([[0.0, 1e-3]])
    _, said, _ = told(layers, samples, preset("default"))
    assert any(text.startswith("fc: whole numbers change 1 of 2 outputs by more than 50 % of their size: 1; ") for text in said)
