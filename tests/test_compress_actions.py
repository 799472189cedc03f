"""The talk with an EIE array and with a MAC machine: its order, and what it makes of a machine that complains."""
import numpy as np
import pytest

from compress.actions import ReadRegister, ReadRegisters, Receive, Send, Wait, WriteRegister, play
from compress.eie import actions, inputs, load_actions, outputs, run_actions
from compress.eie.actions import Result, stream_words, values, worst
from compress.mac.actions import multiply
from golden.mac import matmul
from spec.eie import COUNTERS, PACKETS
from spec.eie import registers as eie_registers
from spec.framing import Header
from spec.mac import MacSpec
from spec.mac import registers as mac_registers
from tests.compress_sample import sample, small

QUIET = {field.name: 0 for field in eie_registers(small())["flags"].fields}


def script(talk, *, flags=None, words=(), done=1):
    """Play a talk with a machine that answers as told; return its result and the actions, in order."""
    told, seen = QUIET | (flags or {}), []

    def answer(action):
        seen.append(action)
        match action:
            case ReadRegister():
                return dict(told)
            case ReadRegisters():
                return {name: {"value": number} for number, name in enumerate(action.names)}
            case Wait():
                return told | {"done": done}
            case Receive():
                return list(words)
        return None

    return play(talk, answer), seen


def test_an_image_is_loaded_then_each_vector_is_run_and_read():
    image = sample()
    last, spec = image.layers[-1], image.spec
    length = spec.pes * last.out_slots
    words = np.arange(4 * stream_words(length, spec), dtype=np.int16).view("<u8").tolist()
    vectors, clipped = inputs(image, np.arange(20).reshape(2, 10))
    assert clipped == 0 and vectors.shape == (2, 10)
    (one, two), seen = script(actions(image, vectors), words=words)
    kinds = [PACKETS["codebook"], PACKETS["layer"], PACKETS["pointers"], PACKETS["words"], PACKETS["activations"]]
    sent = [Header.unpack(int(action.words[0])).type for action in seen if isinstance(action, Send)]
    assert sent.count(kinds[-1]) == 2 and set(sent) == set(kinds) and sent[-1] == kinds[-1]
    assert one.counters == {name: number for number, name in enumerate(COUNTERS)} == two.counters
    assert one.outputs.tolist() == list(range(length))
    assert np.allclose(outputs(image, one), image.logical(one.outputs) * image.output_scale)
    commands = [action.fields for action in seen if isinstance(action, WriteRegister) and action.name == "control"]
    assert commands == [{"start": 1}, {"read": 1}] * 2
    starts = [action.fields for action in seen if isinstance(action, WriteRegister) and action.name == "layers"]
    assert starts == [{"first": 0, "count": len(image.layers)}] * 2


@pytest.mark.parametrize(("flags", "done", "text"), [
    ({"refused": 1}, 0, "the start must be accepted, and it was refused; flags: refused 1"),
    ({}, 0, "the start must be accepted"),
])
def test_a_start_that_is_refused_is_said(flags, done, text):
    image = sample()
    with pytest.raises(RuntimeError, match=text):
        script(run_actions(image, np.zeros(10, np.int16)), flags=flags, done=done)


@pytest.mark.parametrize("flag", ["short", "long", "unknown", "range"])
def test_a_load_that_is_broken_is_said(flag):
    with pytest.raises(RuntimeError, match=f"the image must arrive whole, and it has not; flags: {flag} 1"):
        script(load_actions(sample()), flags={flag: 1})


def test_few_outputs_are_said():
    with pytest.raises(RuntimeError, match="the machine must send 12 outputs, not 4"):
        values([0], 12, small())
    assert values([0xFF80], 2, small(act_bits=8, weight_bits=8, acc_bits=16)).tolist() == [-128, -1]


def test_the_limit_of_a_start_is_more_than_its_layers_take(tmp_path):
    import golden.eie
    from compress.eie import save

    image = sample()
    save(image, tmp_path / "net.npz")
    ran = golden.eie.run(golden.eie.load(tmp_path / "net.npz"), np.full((1, 10), 99, np.int16))
    assert worst(image, 0, len(image.layers)) > 2 * sum(layer.cycles for layer in ran.counters[0])


@pytest.mark.parametrize(("given", "error", "text"), [
    (np.zeros((2, 9)), ValueError, r"inputs must be vectors of 10, one in each row, not an array of shape \(2, 9\)"),
    (np.zeros((0, 10)), ValueError, "inputs must be vectors of 10"), (np.zeros((1, 2, 10)), ValueError, "inputs must be"),
    (np.zeros((1, 10), bool), TypeError, "inputs must be floats or integers, not bool"),
])
def test_inputs_that_are_none_are_refused(given, error, text):
    with pytest.raises(error, match=text):
        inputs(sample(), given)


def test_float_inputs_are_quantised_and_counted():
    image = sample()
    given = np.zeros(10)
    given[0] = 1e9
    whole, clipped = inputs(image, given)
    assert whole.shape == (1, 10) and whole[0, 0] == 32767 and clipped == 1


def test_results_that_no_machine_sends_are_not_made_up():
    assert Result(outputs=np.zeros(1), counters={}, flags={}).flags == {}
    spec, one = MacSpec(), np.zeros((4, 4), np.uint32)
    quiet = {field.name: 0 for field in mac_registers(spec)["flags"].fields}

    def answer(action, words):
        match action:
            case ReadRegister():
                return quiet
            case ReadRegisters():
                return {name: {"value": 5} for name in action.names}
            case Wait():
                return quiet | {"done": 1}
            case Receive():
                return [0] * words
        return None

    got = play(multiply(spec, one, one, None, "fp16"), lambda action: answer(action, 8))
    assert (got.outputs == matmul(spec, one, one, fmt="fp16")).all() and set(got.counters.values()) == {0}
    with pytest.raises(RuntimeError, match="the machine must send 8 words of D, not 7"):
        play(multiply(spec, one, one, None, "fp16"), lambda action: answer(action, 7))
    with pytest.raises(RuntimeError, match="flags of the machine must be done alone after a run, not range 1"):
        play(multiply(spec, one, one, None, "fp16"),
             lambda action: answer(action, 8) | {"range": 1} if isinstance(action, Wait) else answer(action, 8))
