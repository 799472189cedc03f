"""A machine is one line in the registry and a package in each stage: a toy goes through every command."""
import json

import numpy as np
import pytest

import compress.image
import golden.image
from cli import command
from compress.actions import Receive, Send, Wait, perform
from compress.mac import Image as MacImage
from rtl import build as rtl_build
from rtl.image import design_and_spec
from sim import run as sim_run
from sim.scnn.cases import case
from spec import machines
from spec.mac import MacSpec
from spec.scnn import preset as scnn
from synth import features, part, verification
from synth import run as synth_run
from synth.run import from_built
from tests import toy
from tests.compress_sample import sample
from tests.toy.compress import Image, save, session


@pytest.fixture(autouse=True)
def registered(monkeypatch, tmp_path):
    toy.register(monkeypatch)
    monkeypatch.chdir(tmp_path)


def call(capsys, module, *arguments):
    """Run a command in this process; return exit code, stdout, stderr."""
    words = list(map(str, arguments))
    with pytest.raises(SystemExit) as left:
        command.main(lambda: module.application(words), words, name="nonzero")
    return left.value.code or 0, *capsys.readouterr()


def test_build(capsys, tmp_path):
    code, out, _ = call(capsys, rtl_build, "--design", "toy", "--bits", 8, "--out", "made")
    assert code == 0 and "toy_8" in out
    assert json.loads((tmp_path / "made" / "manifest.json").read_text())["spec"] == {"bits": 8}


def test_an_image_is_built_read_by_both_and_names_its_machine(capsys, tmp_path):
    assert call(capsys, compress_build(), "--design", "toy", "--bits", 8, "--addend", 5, "-o", "t.npz")[0] == 0
    assert compress.image.design_of("t.npz") == "toy" and sim_run.design_named(["t.npz"]) == "toy"
    assert compress.image.load("t.npz") == Image(machines.specification("toy").preset(bits=8), 5)
    assert golden.image.load("t.npz").addend == 5
    code, out, _ = call(capsys, rtl_build, "--image", "t.npz", "--out", "made")
    assert code == 0 and "toy_8" in out, "the machine of an image is built from the image"
    for arguments, text in ((["--design", "eie"], "--design must be toy, as the image says, not 'eie'"),
                            (["--preset", "default"], "--preset must be left out with an image")):
        code, _, err = call(capsys, rtl_build, "--image", "t.npz", *arguments)
        assert code == 2 and text in err


def compress_build():
    from compress import build
    return build


SAMPLES = {"eie": sample, "mac": lambda: MacImage(spec=MacSpec(tiles=2), fmt="fp16", b=np.ones((4, 4), np.uint32)),
           "scnn": lambda: case(scnn("ecp5", pes=1), seed=0).image}


@pytest.mark.parametrize("design", SAMPLES)
def test_rtl_reads_the_machine_of_an_image_as_compress_does(design, tmp_path):
    made = SAMPLES[design]()
    machines.part(design, "compress").save(made, tmp_path / "net.npz")
    assert design_and_spec(tmp_path / "net.npz") == (design, made.spec)
    assert compress.image.load(tmp_path / "net.npz").spec == made.spec
    with np.load(tmp_path / "net.npz") as archive:
        np.savez_compressed(tmp_path / "packed.npz", **archive)
    assert design_and_spec(tmp_path / "packed.npz") == (design, made.spec)


def test_what_rtl_build_reads_of_an_image_is_checked(capsys, tmp_path):
    (tmp_path / "cut.npz").write_bytes(b"PK\3\4 and no more")
    np.savez(tmp_path / "other.npz", header=np.frombuffer(b'{"format": "x"}', np.uint8))
    np.savez(tmp_path / "deep.npz", header=np.frombuffer(b"[" * 100_000, np.uint8))
    np.savez(tmp_path / "bare.npz", a=np.zeros(3))
    for name in ("cut", "other", "deep", "bare"):
        code, out, err = call(capsys, rtl_build, "--image", f"{name}.npz")
        assert (code, out) == (2, "") and err.count("\n") == 1 and f"{name}.npz must be" in err, name


def test_sim_run(capsys, tmp_path):
    save(Image(machines.specification("toy").Spec(), 7), "t.npz")
    np.save("x.npy", np.arange(40000, 40010))
    code, out, _ = call(capsys, sim_run, "t.npz", "--input", "x.npy")
    assert code == 0 and "values and counters: 11, different: 0" in out


class Model:
    """A transport to a model of the toy: the four calls and nothing more."""

    def __init__(self, registers, bits):
        self.places = {register.offset: register.name for register in registers.registers}
        self.values, self.bits, self.sums = dict.fromkeys(self.places.values(), 0), bits, []

    def write_register(self, offset, value):
        name = self.places[offset]
        self.values[name] = self.values[name] & ~value if name == "flags" else value
        if name == "control":
            self.values["cycles"] = 0

    def read_register(self, offset):
        if offset in self.places:
            return self.values[self.places[offset]] & 0xFFFFFFFF
        return self.values[self.places[offset - 4]] >> 32

    def send(self, words):
        payload = [int(word) + self.values["shift"] for word in words[1:]]
        self.sums, self.values["cycles"] = payload, (1 << 33) + len(payload)
        self.values["flags"] |= 1 << 3

    def receive(self, words):
        assert len(self.sums) <= words
        data = b"".join((sum_ % (1 << self.bits)).to_bytes(self.bits // 8, "little") for sum_ in self.sums)
        return np.frombuffer(data + bytes(-len(data) % 8), "<u8")


def test_perform_needs_four_calls_and_no_more():
    own = machines.specification("toy")
    registers = own.registers(None)
    assert list(dict(registers["flags"].placed()))[3].name == "done"
    answer = perform(Model(registers, 16), registers, session(Image(own.Spec(), 3), [1, 2, 65535]))
    assert answer.outputs.tolist() == [4, 5, 2] and answer.counters == {"cycles": (1 << 33) + 3}, "both words of a counter"


def test_a_wait_that_does_not_end_says_what_was_waited_for():
    registers, times = machines.specification("toy").registers(None), iter(range(100))

    def talk():
        yield Wait("done", limit=2_000_000, what="the packet")

    with pytest.raises(TimeoutError, match="the packet must end within 2000000 cycles, and it has not; flags: all 0"):
        perform(Model(registers, 16), registers, talk(), clock=lambda: next(times))
    assert next(times) == 5, "seconds of the limit at a megahertz, and one of grace, were waited"


def test_actions_say_what_is_wrong():
    registers = machines.specification("toy").registers(None)
    from compress.actions import WriteRegister

    for action, text in ((WriteRegister("layers", {"size": 1}), "field of layers must be one of count, not 'size'"),
                         (WriteRegister("layers", {"count": 512}), "field count of layers must fit 9 bits, not 512"),
                         (WriteRegister("speed"), "register must be one of id, "),
                         (Wait("ready"), "flag must be one of short, "), ("jump", "action must be one of")):
        with pytest.raises((ValueError, OverflowError, TypeError), match=text):
            perform(Model(registers, 16), registers, iter_of(action))


def iter_of(*actions):
    yield from actions


def test_a_send_and_a_receive_stand_for_themselves():
    registers = machines.specification("toy").registers(None)

    def talk():
        assert (yield Send([7, 1])) is None
        return (yield Receive(1))

    assert perform(Model(registers, 8), registers, talk()) == [1]


def test_synth_takes_it_by_its_name(capsys, tmp_path):
    own = machines.specification("toy")
    assert features.of("toy", {"bits": 8}) == {"one": 1, "bits": 8, "dsp": 0, "bram": 0}
    assert features.fitted("toy") == ("one", "bits")
    code, out, err = call(capsys, synth_run, "--design", "toy", "--bits", 8, "--part", "ice40up5k", "--seeds", 0,
                          "--out", "measured")
    assert code == 0, err
    data = json.loads((tmp_path / "measured" / "result.json").read_text())
    assert data["design"]["kind"] == "toy" and data["design"]["spec"] == {"bits": 8} and data["comb"] > 100
    unit = from_built(machines.part("toy", "rtl").generate(own.Spec()), unit="toy_16", spec=own.Spec())
    with pytest.raises(ValueError, match="--verify must be of a whole machine"):
        verification.verify(unit, part.named("ice40up5k"), own.Spec())


@pytest.mark.full
def test_its_netlist_is_checked_by_its_own_vectors(capsys):
    code, out, err = call(capsys, synth_run, "--design", "toy", "--bits", 8, "--part", "ice40up5k", "--seeds", 0, "--verify",
                          "--out", "measured")
    assert code == 0 and "netlist: 30 words equal the golden model's" in out, err


def test_a_machine_that_is_not_registered_is_refused():
    with pytest.raises(ValueError, match="design must be one of eie, .*toy, not 'cpu'; choose one"):
        machines.part("cpu", "spec")
