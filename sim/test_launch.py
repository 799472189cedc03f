"""The launcher: runs, counts, caches, fails where it must, and says what is missing."""
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from cli.fault import Fault
from sim import cache, simulator
from sim.launch import Failed, build, launch, level, runtime

COUNTER = """
module counter(input clk, input rst, output reg [15:0] count,
               input [7:0] i__payload, input i__valid, output i__ready,
               output [7:0] o__payload, output o__valid, input o__ready);
  reg full; reg [7:0] word;
  reg [7:0] secret;
  assign i__ready = ~full | o__ready, o__valid = full, o__payload = word;
  always @(posedge clk) begin
    count <= rst ? 0 : count + 1;
    secret <= count[7:0];
    if (i__ready) begin full <= i__valid; word <= i__payload + ADD; end
    if (rst) full <= 0;
  end
endmodule
"""
SIMULATORS = [pytest.param(sim, marks=pytest.mark.skipif(bool(simulator.missing(sim)),
                                                         reason=str(simulator.missing(sim))))
              for sim in simulator.SIMULATORS]
TESTS = 10                                  # one of the counter, nine of idle x stall


def counter(add=0, drop=""):
    return COUNTER.replace("ADD", str(add)).replace(drop, "", 1)


@pytest.fixture(scope="module", autouse=True)
def own_cache(tmp_path_factory):
    """An empty cache, but for Verilator's own object files, which take ten seconds to build."""
    own = tmp_path_factory.mktemp("cache")
    if simulator.missing("verilator") is None:
        kept = runtime()[0].parent
        shutil.copytree(kept, own / "sim" / kept.name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NONZERO_CACHE", str(own))
        yield


def run(sim="verilator", text=None, **more):
    options = {"sources": [text or counter()], "top": "counter", "module": "sim.bench_counter",
               "at_least": TESTS, "sim": sim} | more
    return launch(**options)


@pytest.mark.parametrize("sim", SIMULATORS)
def test_runs_and_counts_tests(sim, tmp_path):
    done = run(sim, folder=tmp_path)
    assert done.ran == TESTS and done.folder == tmp_path and (tmp_path / "results.xml").exists()


def test_a_failed_assertion_of_a_bench_says_its_values(monkeypatch):
    monkeypatch.setenv("COCOTB_REWRITE_ASSERTION_FILES", "")            # of a user's shell; benches are rewritten all the same
    with pytest.raises(Failed, match="assert 1 == 0") as failed:
        run(text=counter().replace("rst ? 0", "rst ? 1"), only="counts_cycles", at_least=1)
    assert "assert 1 == 0" in failed.value.reason


def test_the_level_of_optimisation_is_part_of_what_is_kept(monkeypatch):
    monkeypatch.setenv("NONZERO_SIM_LEVEL", "-O1")
    little = build(sources=[counter()], top="counter", sim="verilator")
    monkeypatch.delenv("NONZERO_SIM_LEVEL")
    usual = build(sources=[counter()], top="counter", sim="verilator")
    assert little != usual and level() == "-Os"
    if not simulator.missing("icarus"):
        icarus = build(sources=[counter()], top="counter", sim="icarus")
        monkeypatch.setenv("NONZERO_SIM_LEVEL", "-O0")
        assert build(sources=[counter()], top="counter", sim="icarus") == icarus, "Icarus compiles no C++"
    monkeypatch.setenv("NONZERO_SIM_LEVEL", "fast")
    with pytest.raises(ValueError, match="NONZERO_SIM_LEVEL must be one of -Os, -O0, -O1, -O2, not 'fast'; unset it"):
        run()


def test_a_quick_test_is_built_without_optimisation():
    assert level() == "-O0"


def test_files_nobody_asked_for_stay_only_after_a_failure(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert run(only="counts_cycles", at_least=1).folder is None and not list(tmp_path.glob("counter-*"))
    with pytest.raises(AssertionError, match=f"files in {tmp_path}"):
        run(only="counts_cycles", at_least=2)
    assert list(tmp_path.glob("counter-*/results.xml"))


@pytest.mark.parametrize("sim", SIMULATORS)
def test_environment_reaches_the_tests(sim):
    assert run(sim, counter(add=3), env={"ADD": 3}).ran == TESTS


@pytest.mark.parametrize("sim", SIMULATORS)
def test_a_failing_test_fails(sim):
    with pytest.raises(AssertionError, match="10 ran, 9 failed"):
        run(sim, counter(add=1))


@pytest.mark.parametrize("sim", SIMULATORS)
def test_an_empty_run_fails(sim):
    with pytest.raises(AssertionError, match="0 ran, 0 failed, 10 must pass"):
        run(sim, only="nothing_has_this_name")


@pytest.mark.parametrize("sim", SIMULATORS)
def test_a_withdrawn_word_fails(sim):
    with pytest.raises(AssertionError, match=r"10 ran, \d failed"):
        run(sim, counter(drop=" | o__ready").replace("o__valid = full", "o__valid = full & count[0]"))


@pytest.mark.parametrize("sim", SIMULATORS)
def test_verilog_that_does_not_compile_is_shown(sim):
    with pytest.raises(Fault, match=f"^{sim} must compile counter, and it does not: .*; its output is in ") as caught:
        run(sim, counter().replace("endmodule", "oops"))
    assert "error" in Path(str(caught.value).rpartition(" is in ")[2]).read_text().lower()


@pytest.mark.parametrize("sim", SIMULATORS)
def test_waves_are_left_in_the_folder(sim, tmp_path):
    run(sim, folder=tmp_path, waves=True, only="counts_cycles", at_least=1)
    trace = tmp_path / {"verilator": "dump.vcd", "icarus": "counter.fst"}[sim]
    assert trace.stat().st_size > 200


def apart():
    """The counter inside another module, to be built apart."""
    ports = "clk rst count i__payload i__valid i__ready o__payload o__valid o__ready".split()
    head = counter()[:counter().index("reg full")].replace("output reg", "output")
    return (counter().replace("module counter", "module inner") + head
            + f"inner inner({', '.join(f'.{port}({port})' for port in ports)});\nendmodule\n")


def test_modules_built_apart_answer_alike_and_are_seen_in_a_trace(tmp_path):
    assert run(text=apart(), apart=("inner",), folder=tmp_path).ran == TESTS
    run(text=apart(), apart=("inner",), folder=tmp_path, waves=True, only="counts_cycles", at_least=1)
    assert " secret " in (tmp_path / "dump.vcd").read_text()
    with pytest.raises(Fault, match="must compile counter"):
        run(text=apart(), apart=("absent",))


def test_nothing_is_built_twice_and_damage_is_noticed():
    first = build(sources=[counter()], top="counter")
    stamp = (first / "counter").stat().st_mtime_ns
    assert build(sources=[counter()], top="counter") == first
    assert (first / "counter").stat().st_mtime_ns == stamp
    (first / "counter").write_bytes(b"damaged")
    assert not cache.intact(first)
    assert run().ran == TESTS
    assert cache.intact(first)
    (first / cache.SEAL).write_text("{")
    assert run().ran == TESTS


def test_what_shapes_a_build_names_it(monkeypatch):
    monkeypatch.setattr("sim.launch.fetch", lambda name, compile_it: name)
    monkeypatch.setattr(simulator, "identity", lambda sim: f"{sim} of the first version")
    same = {"sources": [counter()], "top": "counter", "sim": "verilator"}
    others = [{"sources": [counter(add=7)]}, {"sources": [counter(), counter()]}, {"top": "other"},
              {"build_args": ["-O0"]}, {"inner": True}, {"waves": True}, {"cache_it": False}]
    names = [build(**same | change) for change in ({}, *others)]
    assert build(**same) == names[0]
    monkeypatch.setattr(simulator, "identity", lambda sim: f"{sim} of another version")
    names.append(build(**same))
    assert len(set(names)) == len(names)


def test_a_failed_build_leaves_nothing():
    build(sources=["module counter(input clk); endmodule"], top="counter")      # makes what all builds share
    before = set((cache.home() / "sim").iterdir())
    with pytest.raises(Fault):
        build(sources=["module counter(; endmodule"], top="counter")
    assert all(path.suffix == ".lock" for path in set((cache.home() / "sim").iterdir()) - before)


@pytest.mark.parametrize("sim", SIMULATORS)
def test_a_users_shell_does_not_steer_the_tests(sim, monkeypatch):
    """Variables that cocotb or a simulator would read, and a shell without a PATH."""
    for name, value in {"COCOTB_TEST_FILTER": "nothing", "COCOTB_RANDOM_SEED": "no number", "COCOTB_LIST_TESTS": "1",
                        "COCOTB_TEST_MODULES": "none", "GPI_EXTRA": "none", "VERILATOR_BIN": "none", "GUI": "1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PATH")
    assert run(sim).ran == TESTS


def test_the_environment_is_left_as_it_was():
    before = dict(os.environ)
    run(only="counts_cycles", at_least=1)
    assert dict(os.environ) == before


@pytest.mark.parametrize(("sim", "absent", "complaint"), [
    ("verilator", {"g++", "c++", "clang++"}, r"verilator must have g\+\+ or .* install g\+\+$"),
    ("verilator", {"make"}, "verilator must have make on PATH, and it is not; apt-get install make$"),
    ("verilator", {"perl"}, "verilator must have perl on PATH"),
    ("icarus", {"iverilog"}, "icarus must have iverilog and vvp on PATH.*apt-get install iverilog$"),
    (None, {"make", "iverilog"}, "; apt-get install make, or apt-get install iverilog"),
])
def test_a_missing_simulator_is_named_with_its_remedy(monkeypatch, sim, absent, complaint):
    which = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name: None if name in absent else which(name))
    with pytest.raises(FileNotFoundError, match=complaint):
        run(sim)


def test_an_unknown_simulator_is_refused():
    with pytest.raises(ValueError, match="simulator must be verilator or icarus, not 'questa'"):
        run("questa")


def test_icarus_serves_with_a_notice_where_no_compiler_is(monkeypatch, capsys):
    monkeypatch.setattr(simulator, "missing", lambda sim: "no g++" if sim == "verilator" else None)
    assert simulator.pick() == "icarus"
    assert capsys.readouterr().err == "notice: no g++; going on with icarus, which is slower\n"


def test_nothing_to_build_is_refused():
    with pytest.raises(ValueError, match="sources of counter must hold Verilog, not nothing"):
        run(text="\n")
