"""Options that do not apply are refused, not ignored; odd values of any option are one line."""
import numpy as np
import pytest

from spec.machines import MACHINES
from tests.commands import ALL, FIXED, leave
from tests.test_layers import ROOT, STAGES

REFUSED = {
    "two values": (["rtl.build", "--pes", "4", "--pes=8"], "--pes must be given once, not as '4' and '8'; leave one out"),
    "yes and no": (["synth.run", "--pes", "4", "--floorplan", "--no-floorplan"], "--floorplan must be given once"),
    "two names": (["compress.build", "weights.npz", "-o", "new.npz", "--codebook-bits", "4", "--bits", "5"],
                  "--codebook-bits must be given once, not as '4' and '5'"),
    "top alone": (["synth.run", "--pes", "1", "--top", "m"], "--top must come with --verilog, not alone"),
    "machine beside a file": (["synth.run", "--verilog", "m.v", "--top", "m", "--pes", "4"],
                              "--pes must come with a machine, not with --verilog; leave it out"),
    "unit of a file": (["synth.run", "--verilog", "m.v", "--top", "m", "--unit", "m"], "--unit must come with a machine"),
    "netlist of a file": (["synth.run", "--verilog", "m.v", "--top", "m", "--verify"], "--verify must come with a machine"),
    "record of a unit": (["synth.run", "--pes", "1", "--unit", "eie_pe", "--record"],
                         "--record must come with a whole machine"),
    "clock of nothing placed": (["synth.run", "--pes", "1", "--seeds", "0", "--clock", "50"],
                                "--clock must come with --seeds above 0"),
    "board and part": (["synth.run", "--board", "icebreaker", "--part", "ice40up5k"],
                       "--board and --part must not both be given"),
    "sizes of a file": (["compress.build", "weights.npz", "-o", "new.npz", "--hidden", "0"],
                        "--hidden must come with --example"),
    "calibrated digits": (["compress.build", "--example", "digits", "-o", "new.npz", "--calibrate", "x.npy"],
                          "--calibrate must come with a file, not with --example"),
    "input of no image": (["synth.estimate", "--pes", "4", "--input", "x.npy"], "--input must come with --image; leave it out"),
    "inputs of no image": (["synth.sweep", "--pes", "4", "--input", "x.npy"], "--input must come with --image"),
    "workers of others": (["synth.sweep", "--pes", "4", "--scheduler", "tcp://x:1", "--workers", "3"],
                          "--workers must come with no"),
    "layers beside an image": (["bench.eie", "NT-We", "--image", "net.npz"],
                               "names must come with the nine layers, not with --image"),
    "machine beside an image": (["bench.eie", "--image", "net.npz", "--pes", "4"], "--pes must come with the nine layers"),
    "resumed image": (["bench.eie", "--image", "net.npz", "--resume"], "--resume must come with the nine layers"),
    "seed of an input": (["bench.eie", "--image", "net.npz", "--input", "x.npy", "--seeds", "2"],
                         "--seeds must come with a random input, not with --input"),
    "wrong rules of nothing": (["golden.mac", "--vectors", "--wrong"], "--wrong must come with --check"),
    "chips of no clock": (["bench.mac", "--parts", "random", "--devices", "lfe5u-85f-6"],
                          "--devices must come with --parts clock"),
    "a page by another name": (["sim.run", "--design", "mac", "x.npy", "x.npy", "--report", "page.txt"],
                               "--report must end in .html, not '.txt'; name it so"),
    "plots into a file": (["bench.scnn", "--plots", "x.npy"], "--plots must be a folder, not 'x.npy', which is a file"),
    "a second network that is none": (["bench.scnn", "--networks", "AlexNet,x"], "networks must be of AlexNet, GoogLeNet"),
    "operations of none": (["bench.mac", "--parts", "clock", "--operations", "3"],
                           "--operations must come with --parts random"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_option_that_does_not_apply_is_refused(monkeypatch, tmp_path, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.v").write_text("module m(input clk, output reg q); always @(posedge clk) q <= ~q; endmodule\n")
    np.save(tmp_path / "x.npy", np.zeros(3))
    (module, *arguments), rule = REFUSED[name]
    left = leave(module, *arguments)
    assert left.code == 2 and not left.faults and rule in left.err, left
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.v", "x.npy"]


def test_what_is_not_given_or_given_twice_alike_is_not_refused(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert leave("synth.estimate", "--pes", "4", "--preset", "ecp5", "--pes=4").code == 0
    assert leave("synth.estimate", "--pes", "4", "--preset", "ecp5").code == 0


def test_every_command_is_in_the_lists_that_these_tests_and_the_fuzz_go_through():
    files = [path for stage in set(STAGES) - {"tests", "examples"} for path in (ROOT / stage).rglob("*.py")]
    modules = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__main__")
               for path in files if '__name__ == "__main__"' in path.read_text()}
    assert modules == {*ALL, *FIXED}


@pytest.mark.parametrize("command", ALL)
def test_where_to_write_has_one_short_name(command):
    """``-o`` is ``--out`` in every command that has it."""
    told = leave(command, "--help").out
    assert ("--out " in told) == ("-o" in told.replace(",", " ").split())


@pytest.mark.parametrize("design", MACHINES)
def test_every_machine_has_its_outputs_written_by_one_name(design):
    assert "--outputs" in leave("sim.run", "--design", design, "--help").out
