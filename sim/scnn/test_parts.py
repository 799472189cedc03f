"""Inputs whose activations do not fit their regions, on the array: they run in parts, and what follows runs as ever."""

import numpy as np
import pytest

from compress.scnn import image
from compress.scnn.plan import planned
from compress.scnn.recorded import Recorded
from golden import scnn as golden
from golden.scnn.layer import forward
from rtl.scnn import generate
from sim.scnn.networks import quiet, sparse
from sim.scnn.outcome import Outcome
from sim.scnn.talks import apart, together
from sim.session import hold
from spec.scnn import preset

FREE = frozenset(("program", "taps", "blocks", "layers", "weight_memory"))
LIMIT = 100_000


@pytest.mark.parametrize("more", [{}, {"weight_memory": 4096}, {"weight_code_bits": 4}])
def test_inputs_that_do_not_fit_run_in_parts(more, tmp_path):
    rng, spec = np.random.default_rng(7), preset("ecp5", rows=2, cols=2, memory_words=128, **more)
    layers = quiet(rng)
    if spec.weight_code_bits:
        for layer in layers:
            layer.weight[...] = np.sign(layer.weight) * 8
    xs = np.zeros((6, 3, 12, 10), np.int16)
    xs[:, :, 4:6, 4:6] = 300
    xs[1:5:3] = sparse(rng, (2, 3, 12, 10), 1.0, 300)           # the second and the fifth
    plan = planned(spec, layers, xs.shape[1:], free=FREE, density={}, level=0, recorded=Recorded(layers, xs[:1]))
    made = image.of(plan.assembly, parts=plan.parts, largest=400)
    image.save(made, tmp_path / "net.npz")
    trusted, made = golden.load(tmp_path / "net.npz"), image.load(tmp_path / "net.npz")
    answers = hold(generate(made.spec), together(made, xs, [LIMIT] * len(xs)), folder=tmp_path, apart=apart(made.spec))
    outcome = Outcome(image=made, golden=[golden.run(trusted, x) for x in xs], answers=answers, timed=len(xs))
    assert not outcome.wrong, outcome.faults()
    np.testing.assert_array_equal(outcome.outputs, [forward(layers, x)["e"] for x in xs])
    assert [number for number, _ in outcome.in_parts] == [1, 4]
    for _, result in outcome.in_parts:
        assert result.parts == len(made.parts.rows) > len(layers) and result.lost > 0
        assert result.flags["act_overflow"] and result.overflow["layer"] < len(layers)
