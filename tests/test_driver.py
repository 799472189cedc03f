"""The C driver on the Verilated machine, through AXI: answers and cycles are golden's, and every result is told."""
from functools import partial

import numpy as np
import pytest

from compress import firmware
from compress import image as images
from compress.eie import load, save
from golden import image as golden_image
from golden import scnn as golden_scnn
from golden.eie import run as golden_run
from rtl.eie import generate
from sim import simulator
from sim.bus import toy as toy_rtl
from sim.driver import build
from sim.driver.replay import RECEIVE, WAIT, Recorder, replay
from sim.scnn.cases import case
from spec import machines
from spec.scnn import preset as scnn_preset
from tests import toy
from tests.commands import leave
from tests.compress_sample import sample, small

pytestmark = pytest.mark.skipif(bool(simulator.missing("verilator")) or not build.compilers(),
                                reason="Verilator or a C compiler is missing: apt-get install gcc")
WAYS = {"polling": {}, "interrupts": {"idle": True}, "stalled streams": {"stall": 2}, "both": {"idle": True, "stall": 3}}


def expected(path, inputs):
    """Return golden's outputs in the network's order, and the cycles of each input."""
    run = golden_run(golden_image.load(path), inputs)
    return run.outputs, [sum(layer.cycles for layer in layers) for layers in run.counters]


def test_every_result_is_told_and_the_network_runs_after_them(tmp_path):
    image = sample(small(pes=2, slots=32, layers=3))
    save(image, tmp_path / "net.npz")
    inputs = np.random.default_rng(1).integers(-3000, 3000, (6, 10)).astype(np.int16)
    outputs, cycles = expected(tmp_path / "net.npz", inputs)
    program = build.build(generate(image.spec), ("results.c", "classify.c"), free=("classify.c",),
                          headers={"net.h": firmware.header("net", "sample", "eie", image)})
    for way in WAYS.values():
        code, out, said = build.run(program, inputs.tobytes(), **way)
        lines = out.decode().splitlines()
        assert code == 0 and lines[:11] == [
            "open with another machine's constants 5", "open 0", "start before a network 2", "fetch before a vector 2",
            "wait for what does not come 1", "too many layers 6", "an image cut short 7",
            "an image for another machine 5", "a packet of no type 3", "start after a broken packet 2", "prepare 0"], said
        assert lines[-1] == "fetch into too few words 4"
        assert lines[11:-1:2] == ["classify 0"] * len(inputs)
        found = [list(map(int, line.split())) for line in lines[12:-1:2]]
        assert [line[:-1] for line in found] == outputs.tolist() and [line[-1] for line in found] == cycles
        assert ("sleeps 0" in said) == ("idle" not in way)


def test_a_machine_that_nobody_named_is_driven_by_the_same_text(monkeypatch):
    toy.register(monkeypatch)
    spec = toy.spec.Spec()
    program = build.build(toy_rtl.generate(spec), ("replay.c",))
    image = toy.compress.Image(spec, 7)
    words = [1, 40, 0xFFFF, 0x7FFF]
    for way in WAYS.values():
        one, two = replay(program, toy_rtl.TOY, toy.compress.load_actions(image),
                          [partial(toy.compress.run_actions, image, part) for part in (words, words[:1])], **way)
        assert one.outputs.tolist() == [8, 47, 6, -0x8000 + 6] and two.outputs.tolist() == [8]
        assert one.counters == {"cycles": 5}
    image = toy.compress.Image(spec, 8)
    one, = replay(program, toy_rtl.TOY, toy.compress.load_actions(image), [partial(toy.compress.run_actions, image, words)])
    assert one.outputs[0] == 9, "the number that is added came with the image"


def small_spec(design, preset):
    """Return a preset of a machine, with few PEs where it says how many."""
    package = machines.specification(design)
    return package.preset(preset, **{"eie": {"pes": 4}, "scnn": {"rows": 2, "cols": 2}}.get(design, {}))


@pytest.mark.parametrize("design", machines.MACHINES)
def test_a_talk_takes_every_result_before_it_waits_for_the_end(design):
    spec, talk = small_spec(design, "default"), machines.part(design, "compress")
    image, inputs, _ = machines.part(design, "sim", "selftest").vectors(spec, seed=1)
    recorder = Recorder(machines.specification(design).registers(spec))
    kinds = []
    recorder._step = lambda kind, argument, words: kinds.append(kind)
    recorder.record(talk.run_actions(image, talk.inputs(image, inputs)[0][0]))
    last = {kind: place for place, kind in enumerate(kinds)}
    assert last[RECEIVE] < last[WAIT], "who sends, waits and receives in turn must not wait for what it has yet to take"


@pytest.mark.full
@pytest.mark.parametrize(("design", "preset"), [
    (design, preset) for design in machines.MACHINES for preset in machines.specification(design).PRESETS
    if preset in ("default", "ice40", "lns")])
def test_every_machine_answers_through_its_driver_as_golden_does(design, preset):
    package, talk, spec = machines.specification(design), machines.part(design, "compress"), small_spec(design, preset)
    program = build.build(machines.part(design, "rtl").generate(spec), ("replay.c",))
    for seed in range(3):
        image, inputs, right = machines.part(design, "sim", "selftest").vectors(spec, seed=seed)
        integers, _ = talk.inputs(image, inputs)
        for way in WAYS.values():
            results = replay(program, package.registers(spec), talk.load_actions(image),
                             [partial(talk.run_actions, image, vector) for vector in integers], **way)
            for result, wanted in zip(results, right, strict=True):
                np.testing.assert_array_equal(talk.outputs(image, result), wanted)


def answers(spec, image, cases):
    """Run inputs of an image through convolve.c in every way; return outputs and cycles of each way."""
    program = build.build(machines.part("scnn", "rtl").generate(spec), ("answers.c", "convolve.c"), free=("convolve.c",),
                          headers={"net.h": firmware.header("net", "sample", "scnn", image)})
    record = np.dtype([("outputs", "<i2", image.output.shape), ("cycles", "<u8")])
    for way in WAYS.values():
        code, out, said = build.run(program, cases.astype("<i2").tobytes(), **way)
        found = np.frombuffer(out, record)
        assert code == 0 and len(found) == len(cases), said
        assert ("sleeps 0" in said) == ("idle" not in way)
        yield way, found


@pytest.mark.parametrize("changes", [{}, pytest.param({"weight_memory": 4096}, marks=pytest.mark.full),
                                     pytest.param({"cols": 2, "weight_lanes": 2, "i": 4, "banks": 16}, marks=pytest.mark.full)])
def test_a_program_encodes_inputs_of_an_scnn_array_and_decodes_its_outputs(changes):
    """The four networks have several forms of their input, channels shared out, wide numbers and long runs of zeros."""
    spec = scnn_preset("ecp5", **{"rows": 1, "cols": 1} | changes)
    for seed in range(4):
        one = case(spec, seed=seed)
        cycles = sum(counters.cycles for counters in one.golden.counters)
        for way, found in answers(spec, one.image, one.x[None]):
            np.testing.assert_array_equal(found["outputs"][0], one.golden.outputs)
            assert "stall" in way or int(found["cycles"][0]) == pytest.approx(cycles, rel=0.01)


@pytest.mark.full
def test_the_digits_cnn_runs_on_an_scnn_array_as_golden_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    size = ("--preset", "ecp5", "--rows", "2", "--cols", "2")
    assert leave("compress.build", "--design", "scnn", "--example", "digits-cnn", *size, "-o", "cnn.npz").code == 0
    image = images.load("cnn.npz")
    integers, _ = machines.part("scnn", "compress").inputs(image, np.load("cnn_inputs.npy")[:100])
    labels = np.load("cnn_labels.npy")[:100]
    trusted = golden_image.load("cnn.npz")
    right = np.array([golden_scnn.run(trusted, one, crossbars=False).outputs for one in integers])
    for _, found in answers(image.spec, image, integers):
        np.testing.assert_array_equal(found["outputs"], right)
    assert np.mean(right.reshape(100, -1).argmax(axis=1) == labels) > 0.95


@pytest.mark.full
def test_the_digits_run_on_64_pes_as_golden_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert leave("compress.build", "--example", "digits", "-o", "digits.npz").code == 0
    assert leave("compress.firmware", "digits.npz", "-o", "net.h").code == 0
    image = load("digits.npz")
    inputs = np.load("digits_inputs.npy")
    integers = np.clip(np.rint(inputs / image.input_scale), -2**15, 2**15 - 1).astype(np.int16)
    outputs, cycles = expected("digits.npz", integers)
    program = build.build(generate(image.spec), ("answers.c", "classify.c"), free=("classify.c",),
                          headers={"net.h": (tmp_path / "net.h").read_text()})
    record = np.dtype([("outputs", "<i2", 10), ("cycles", "<u8")])
    for way in WAYS.values():
        code, out, said = build.run(program, integers.tobytes(), **way)
        found = np.frombuffer(out, record)
        assert code == 0 and len(found) == 360, said
        np.testing.assert_array_equal(found["outputs"], outputs)
        assert found["cycles"].tolist() == cycles
    assert np.mean(found["outputs"].argmax(axis=1) == np.load("digits_labels.npy")) > 0.98
