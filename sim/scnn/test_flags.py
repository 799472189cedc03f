"""Faults in what an array is sent, which its flags tell, and how long it is busy after a reset."""

from functools import partial

import numpy as np

from compress.scnn import image
from golden.scnn.layer import Layer, forward
from rtl.scnn import generate
from sim.scnn import check, upset
from sim.scnn.networks import conv, sparse
from sim.scnn.talks import apart, reset
from sim.session import hold
from spec.scnn import preset

SPEC = preset("ecp5", rows=2, cols=2)
READ_CYCLES = 20            # at most, from one read of a register to the next


def network(rng: np.random.Generator) -> tuple[list[Layer], np.ndarray]:
    """Return a layer without bias, whose blocks have several vectors, and an input without zeros."""
    return ([conv(rng, "a", "input", (8, 2, 3, 3), density=0.7, bias=False, shift=4, pad=(1,) * 4)],
            sparse(rng, (2, 6, 6), 1.0, 30))


def test_faults_of_data_are_told_by_their_flag_alone(tmp_path):
    layers, x = network(np.random.default_rng(3))
    case = check.Case(name="odd", layers=layers, x=x, levels=(0,))
    made = image.of(case.assembly(SPEC))
    talks = {"right": (partial(upset.flags_of, made, x), set()),
             "narrow": (partial(upset.flags_of, upset.narrow_slots(made), x), {"count_mismatch"})}
    for lane in range(SPEC.i):
        for pe in (0, SPEC.pes - 1):
            talks[f"activation {pe} {lane}"] = partial(upset.odd_activation, made, x, pe=pe, lane=lane), {"bad_run"}
    for number in (0, 1, 2, 3, 50, 51):
        talks[f"weight {number}"] = partial(upset.flags_of, upset.odd_weight(made, number), x), {"bad_run"}
    answers = hold(generate(SPEC), [talk for talk, _ in talks.values()], folder=tmp_path, apart=apart(SPEC))
    told = {name: {flag for flag, on in answer.value.items() if on} - {"done", "saturated"}
            for name, answer in zip(talks, answers, strict=True)}
    assert told == {name: flags for name, (_, flags) in talks.items()}


def test_a_word_too_few_is_told_with_its_pe(tmp_path):
    layers, x = network(np.random.default_rng(3))
    made = check.Case(name="full", layers=layers, x=x, levels=(0,)).assembly(SPEC)
    outputs = forward(layers, x)["a"]
    talks = [partial(upset.barely_full, made, x, outputs, pe) for pe in range(SPEC.pes)]
    for pe, answer in enumerate(hold(generate(SPEC), talks, folder=tmp_path, apart=apart(SPEC))):
        flags, where = answer.value
        assert flags["act_overflow"] and flags["done"] and where == {"layer": 0, "pe": pe}


def test_the_array_is_busy_after_a_reset_until_its_accumulators_are_clear(tmp_path):
    """Both sides of every bank are cleared, an entry per cycle."""
    answers = hold(generate(SPEC), [reset] * 2, folder=tmp_path, apart=apart(SPEC))
    for answer in answers:
        assert 2 * SPEC.bank_entries // READ_CYCLES <= answer.value < 2 * SPEC.bank_entries
