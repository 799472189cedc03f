"""The command that writes Verilog: its files, their agreement, and how it refuses."""
import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from cli import command
from cli.versions import versions
from rtl import build
from sim.bus import toy
from spec import machines
from spec.registers import from_data
from tests.package_sample import ENDS


@pytest.fixture(autouse=True)
def toy_machine(monkeypatch):
    monkeypatch.setattr(machines, "MACHINES", ("toy", "eie", "mac"))
    monkeypatch.setitem(sys.modules, "rtl.toy", toy)
    monkeypatch.setitem(sys.modules, "spec.toy", toy)


def call(monkeypatch, capsys, *arguments):
    """Run the command in this process; return exit code, stdout, stderr."""
    monkeypatch.setattr(sys, "argv", ["build", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        command.main(build.application, name="python -m rtl.build")
    said = capsys.readouterr()
    return ended.value.code or 0, said.out, said.err


def test_writes_a_folder_and_names_what_is_in_it(monkeypatch, capsys, tmp_path):
    code, out, err = call(monkeypatch, capsys, "--bits", 8, "--out", tmp_path / "x", "--json", tmp_path / "j")
    assert code == 0 and all(line.endswith(" ...") for line in err.splitlines()), "nothing but what takes long"
    names = {"manifest.json", "nonzero.h", *(f"toy_8{end}" for end in ENDS)}
    assert {path.name for path in (tmp_path / "x").iterdir()} == names
    assert all(str(tmp_path / "x" / name) in out for name in names)
    told = json.loads((tmp_path / "j").read_text())
    assert told["bytes"] == {name: (tmp_path / "x" / name).stat().st_size for name in names}
    assert told["folder"] == str(tmp_path / "x") and told["modules"] >= 4


@pytest.mark.parametrize(("asked", "names"), [
    ("none", set()), ("svd", {"toy_16.svd"}), ("driver", {"toy_16.h", "toy_16_driver.h", "nonzero.h"}),
    ("template,header", {"toy_16.h", "toy_16_instance.vh"})])
def test_the_packages_asked_for_are_written_and_no_other(monkeypatch, capsys, tmp_path, asked, names):
    assert call(monkeypatch, capsys, "--package", asked, "--out", tmp_path)[0] == 0
    assert {path.name for path in tmp_path.iterdir()} == {"toy_16.v", "toy_16.md", "manifest.json"} | names
    assert f"--package {asked}" in json.loads((tmp_path / "manifest.json").read_text())["command"]


def test_the_folder_is_build_name_unless_named(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert call(monkeypatch, capsys)[0] == 0
    assert (tmp_path / "build" / "toy_16" / "toy_16.v").exists()


def test_the_manifest_says_how_to_make_it_again(monkeypatch, capsys, tmp_path):
    call(monkeypatch, capsys, "--design", "toy", "--bits=8", "--out", tmp_path, f"--json={tmp_path / 'j'}")
    told = json.loads((tmp_path / "manifest.json").read_text())
    assert told["command"] == "python -m rtl.build --design toy --bits=8"
    assert told["spec"] == {"bits": 8} and told["tools"] == versions()
    assert from_data("toy", told["registers"]) == toy.TOY
    assert {"name": "s_axil_awaddr", "direction": "input", "bits": 12} in told["ports"]
    assert {"name": "m_axis_tkeep", "direction": "output", "bits": 8} in told["ports"]
    assert told["ports"][0]["name"] == "clk" and told["packets"] == {"words": 7}


def test_the_ports_are_those_of_the_verilog():
    made = toy.generate(toy.ToySpec())
    ports = re.search(r"module toy_16\((.*?)\);", made.verilog, re.DOTALL)[1].replace("\n", " ")
    assert {name.strip() for name in ports.split(",")} == {port["name"] for port in made.manifest["ports"]}


def test_every_run_gives_the_same_bytes():
    program = ("from sim.bus import toy; from rtl.build import files; import sys;"
               "sys.stdout.write(repr(files(toy.generate(toy.ToySpec()))))")
    texts = {subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True,
                            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": "."}).stdout
             for seed in ("1", "2")}
    assert len(texts) == 1 and "module toy_16" in texts.pop()


def test_a_c_compiler_reads_the_header_as_meant(tmp_path):
    compiler = shutil.which("cc") or shutil.which("g++")
    if not compiler:
        pytest.skip("there is no C compiler on PATH")
    made = toy.generate(toy.ToySpec())
    (tmp_path / "toy.h").write_text(build.files(made)["toy_16.h"])
    numbers = toy.TOY.constants() | {"PACKET_WORDS": 7}
    checks = "".join(f"  if (TOY_{name} != {number}u) return 1;\n" for name, number in numbers.items())
    twice = '#include "toy.h"\n' * 2
    (tmp_path / "t.c").write_text(f"{twice}int main(void) {{\n{checks}  return 0;\n}}\n")
    subprocess.run([compiler, "-Wall", "-Werror", "-o", tmp_path / "t", tmp_path / "t.c"], check=True)
    subprocess.run([tmp_path / "t"], check=True)


def test_the_documentation_names_every_register_field_and_port():
    text = build.files(toy.generate(toy.ToySpec()))["toy_16.md"]
    for register in toy.TOY.registers:
        assert f"`{register.name}`" in text and register.doc in text
    assert "| 0x14, 0x18 | `cycles` | counter |" in text and "| `layer` |  | 7:0 |" in text
    assert "| `s_axis_tdata` | input | 64 |" in text and "| `words` | 7 |" in text
    widths = {line.count("|") for block in text.split("\n\n") if block.startswith("|")
              for line in [block.split("\n")[0]]}
    assert all(line.count("|") in widths for line in text.split("\n") if line.startswith("|"))


@pytest.mark.parametrize(("arguments", "complaint"), [
    (["--bits", "9"], "bits must be one of 8, 16, not 9"),
    (["--design", "gpu"], "design must be one of toy, eie, mac, not 'gpu'; choose one"),
    (["--design=gpu"], "not 'gpu'"),
    (["--arch", "volta"], "No such option: --arch"),
    (["--bits", "x"], "'x'"),
    (["--image", "none.npz"], "--image must name a file, not 'none.npz'"),
    (["--package", "svd,vhdl"], "--package must be all, none, or one or more of fusesoc, ipxact, "),
    (["--package", "svd,vhdl"], "not 'vhdl'; leave it out for all"),
    (["--package", "svd,svd"], "--package must name each package once, not svd twice; drop one"),
    (["--package", ""], "not ''"),
    (["--package", "svd,all"], "not 'all'"),
    (["--preset", "best"], "preset must be one of default, not 'best'"),
])
def test_bad_input_is_one_line_and_leaves_nothing(monkeypatch, capsys, tmp_path, arguments, complaint):
    code, out, err = call(monkeypatch, capsys, *arguments, "--out", tmp_path / "x")
    assert (code, out, err.count("\n")) == (2, "", 1) and complaint in err and err.startswith("error: ")
    assert not list(tmp_path.iterdir())


def test_a_failure_between_two_files_leaves_neither(monkeypatch, tmp_path):
    made = toy.generate(toy.ToySpec())
    (tmp_path / "toy_16.v").write_text("as before")
    broken = build.GeneratedMachine(made.name, made.verilog, made.manifest)
    texts = build.files(broken) | {"later.txt": "\udc80"}       # cannot be encoded
    monkeypatch.setattr(build, "files", lambda built, names: texts)
    with pytest.raises(UnicodeEncodeError):
        build.write(broken, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["toy_16.v"]
    assert (tmp_path / "toy_16.v").read_text() == "as before"


def test_help_shows_the_options_of_the_machine_asked_for(monkeypatch, capsys):
    code, out, _ = call(monkeypatch, capsys, "--help")
    assert code == 0 and all(word in out for word in ("--bits", "--out", "--design", "python -m rtl.build"))
