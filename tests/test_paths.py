"""What a command reads and writes is checked before its work begins: nothing it reads is overwritten."""
import importlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from cli import command, paths, write
from cli.signals import Ended
from compress.eie.image import save
from tests.compress_sample import sample, small
from tests.signals import heed


def leave(module, *arguments):
    """Run a command in this process and return its exit code."""
    found = importlib.import_module(module)
    given = list(map(str, arguments))
    app = getattr(found, "app", None) or (lambda: found.application(given))
    with pytest.raises(SystemExit) as left:
        command.main(app, given, name=module)
    return left.value.code or 0


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A folder with an input of every kind, and what it holds."""
    monkeypatch.chdir(tmp_path)
    save(sample(small()), "net.npz")
    Path("n4.npz").write_bytes(Path("net.npz").read_bytes())
    np.savez("weights.npz", **{"fc.weight": np.ones((2, 3))})
    np.save("x.npy", np.zeros((1, 10)))
    np.save("a.npy", np.ones((4, 4)))
    Path("m.v").write_text("module m(input clk, output reg q); always @(posedge clk) q <= ~q; endmodule\n")
    Path("folder").mkdir()
    os.link("net.npz", "hard.npz")
    Path("soft.npy").symlink_to("x.npy")
    return {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}


RUN, BUILD = ["sim.run", "net.npz", "--input", "x.npy"], ["compress.build", "weights.npz", "-o", "made.npz"]
MULTIPLY = ["sim.run", "--design", "mac", "a.npy", "a.npy"]
MEASURE, ESTIMATE = ["synth.run", "--verilog", "m.v", "--top", "m"], ["synth.estimate", "--pes", "4", "--preset", "ecp5"]
REFUSED = {
    "an image over its weights": ([*BUILD[:2], "-o", "weights.npz"], "--out must be another file than network"),
    "json over the product": ([*BUILD, "--json", "made.npz"], "another file than --out, not 'made.npz' for both"),
    "json over the weights": ([*BUILD, "--json", "weights.npz"], "--json must be another file than network"),
    "json over what calibrates": ([*BUILD, "--calibrate", "x.npy", "--json", "soft.npy"], "another file than --calibrate"),
    "digits over their inputs": (["compress.build", "--example", "digits", "-o", "d.npz", "--json", "d_inputs.npy"],
                                 "--json must be another file than inputs beside --out"),
    "json over the image": ([*RUN, "--json", "hard.npz"], "--json must be another file than image, not 'hard.npz' for both"),
    "json over the input": ([*RUN, "--json", "./folder/../x.npy"], "--json must be another file than --input"),
    "json is a folder": ([*RUN, "--json", "folder"], "--json must be a file, not 'folder', which is a folder; name another"),
    "json is a device": ([*RUN, "--json", "/dev/null"], "--json must be a file, not '/dev/null', which is a device"),
    "json below a file": ([*RUN, "--json", "x.npy/y.json"], "--json must be a file that can be written, not 'x.npy/y.json'"),
    "json is the folder out": ([*RUN, "--out", "made", "--json", "made"], "--json must be another file than --out"),
    "json above the folder out": ([*RUN, "--out", "made/it", "--json", "made"], "--json must be another file than --out"),
    "the folder out is a file": ([*RUN, "--out", "x.npy"], "--out must be a folder, not 'x.npy', which is a file"),
    "a name too long": ([*RUN, "--json", "x" * 256], "--json must have names of at most 255 bytes"),
    "an empty json": ([*RUN, "--json", ""], "--json must be a path, not an empty one"),
    "an empty image": (["sim.run", "", "--input", "x.npy"], "image must be a path, not an empty one"),
    "an empty input": (["sim.run", "net.npz", "--input", ""], "--input must be a path, not an empty one"),
    "no image": (["sim.run", "none.npz", "--input", "x.npy"], "image must be a file that is there, not 'none.npz'"),
    "the image is a folder": (["sim.run", "folder", "--input", "x.npy"], "image must be a file, not 'folder'"),
    "a product over a matrix": ([*MULTIPLY, "--outputs", "a.npy"],
                             "--outputs must be another file than A, not 'a.npy' for both"),
    "json over the product D": ([*MULTIPLY, "--outputs", "d.npy", "--json", "d.npy"],
                                "--json must be another file than --outputs"),
    "json over Verilog": ([*MEASURE, "--json", "m.v"], "--json must be another file than --verilog, not 'm.v' for both"),
    "json over the result": ([*MEASURE, "--out", "made", "--json", "made/result.json"], "another file than the result"),
    "an empty folder": ([*MEASURE, "--out", ""], "--out must be a path, not an empty one"),
    "json over what is estimated": ([*ESTIMATE, "--image", "net.npz", "--input", "x.npy", "--json", "x.npy"],
                                    "another file than --input"),
    "json over the image of a number": (["synth.estimate", "--pes", "4", "--image", "n{pes}.npz", "--json", "n4.npz"],
                                        "another file than --image"),
    "json over the manifest": (["rtl.build", "--pes", "1", "--out", "made", "--json", "made/manifest.json"],
                               "--json must be another file than the machine's manifest.json"),
    "json is where Verilog goes": (["rtl.build", "--pes", "1", "--out", "folder", "--json", "folder"], "--json must be a file"),
    "a report over the image": (["bench.eie.__main__", "--image", "net.npz", "--json", "net.npz"], "another file than --image"),
    "what was checked": (["golden.mac.__main__", "--check", "net.npz", "--json", "net.npz"], "another file than --check"),
    "no clock": ([*MEASURE, "--clock", "nan"], "'--clock'"),
    "no end of clock": ([*MEASURE, "--clock", "inf"], "'--clock'"),
    "a clock that runs back": ([*MEASURE, "--clock", "-1"], "'--clock'"),
    "less than no job": (["bench.eie.__main__", "--jobs", "-1"], "'--jobs'"),
    "a density of nothing": ([*BUILD, "--density", "nan"], "--density must be a finite number, not nan"),
    "where things go": (["synth.sweep", "--pes", "1", "--preset", "ecp5", "--out", "x.npy"], "--out must be a folder"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_wrong_path_is_one_line_before_any_work(files, tmp_path, capsys, name):
    (module, *arguments), rule = REFUSED[name]
    assert leave(module, *arguments) == 2
    said = capsys.readouterr()
    told, = (line for line in said.err.splitlines() if not line.endswith(" ..."))      # on a slow machine, what takes long
    assert told.startswith("error: ") and rule in told and not said.out
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == files
    assert not list(Path("folder").iterdir()) and not Path("made").exists()


def test_a_folder_that_cannot_be_written_is_said_first(monkeypatch, tmp_path):
    def full(dir):
        raise OSError(30, "Read-only file system")
    monkeypatch.setattr("tempfile.TemporaryFile", full)
    with pytest.raises(OSError, match=r"--json must be a file that can be written, .*\(Read-only file system\)"):
        paths.check(outputs={"--json": tmp_path / "new" / "x.json"})
    with pytest.raises(OSError, match="cache must be a folder that can be written, not .*; set NONZERO_CACHE"):
        paths.writable_folder("cache", tmp_path, "set NONZERO_CACHE")


def test_a_link_stays_and_what_it_leads_to_is_written(tmp_path):
    (tmp_path / "link").symlink_to("target")
    write.write_text(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "target").read_text() == "new"


def test_the_longest_name_can_be_written(tmp_path):
    write.write_text(tmp_path / ("n" * 250 + ".json"), "{}")
    assert [len(path.name) for path in tmp_path.iterdir()] == [255]


def test_a_name_without_utf_8_is_written_as_an_escape(tmp_path):
    write.write_text(tmp_path / "x.txt", "of \udcff.json\n")
    assert (tmp_path / "x.txt").read_bytes() == b"of \\udcff.json\n"


def test_a_draft_of_a_killed_process_is_removed_by_the_next(tmp_path):
    dead = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True, check=True)
    left = tmp_path / f"{write.DRAFT}{write.HOST}-{int(dead.stdout)}-0.json"
    alive = tmp_path / f"{write.DRAFT}{write.HOST}-{os.getppid()}-0.json"
    elsewhere = tmp_path / f"{write.DRAFT}0123abcd-{int(dead.stdout)}-0.json"
    for path in left, alive, elsewhere:
        path.write_text("half")
    write.write_text(tmp_path / "x.json", "{}")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([alive.name, elsewhere.name, "x.json"])


SLOW = """
import sys, time
from pathlib import Path
from cli import command
app = command.application("Write slowly.")
@app.command()
def run() -> None:
    with command.atomic("made.txt") as draft:
        draft.write_text("half")
        print("ready", flush=True)
        time.sleep(60)
command.main(app, [])
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_an_end_from_outside_leaves_nothing(tmp_path, number, code):
    with subprocess.Popen([sys.executable, "-c", SLOW], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}, preexec_fn=heed) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        _, said = process.communicate(timeout=20)
    assert process.returncode == code and said == "" and not list(tmp_path.iterdir())


@pytest.mark.parametrize("end", [KeyboardInterrupt, lambda: Ended(15)])
def test_what_was_made_in_a_folder_goes_when_the_process_is_ended(tmp_path, end):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "before").write_text("")
    for folder in tmp_path / "there", tmp_path / "new" / "inner":
        with pytest.raises((KeyboardInterrupt, Ended)), write.undone_if_ended(folder):
            (folder / "made").mkdir(parents=True)
            (folder / "made.txt").write_text("")
            raise end()
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["before", "there"]
    with pytest.raises(ValueError), write.undone_if_ended(tmp_path / "there"):         # an error's files tell why
        (tmp_path / "there" / "log").write_text("")
        raise ValueError
    assert (tmp_path / "there" / "log").exists()


def test_signals_are_as_they_were_afterwards(capsys):
    before = signal.getsignal(signal.SIGTERM)
    assert leave("golden.mac.__main__") == 2
    assert signal.getsignal(signal.SIGTERM) is before


def test_commands_run_beside_the_main_thread(capsys):
    codes = []
    thread = threading.Thread(target=lambda: codes.append(leave("golden.mac.__main__")))
    thread.start()
    thread.join()
    assert codes == [2]


def test_output_that_cannot_be_written_is_an_error(tmp_path):
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full")
    program = ("from cli import command\napp = command.application('')\n"
               "@app.command()\ndef run() -> None: print('told')\ncommand.main(app, [])")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([sys.executable, "-c", program], stdout=full, stderr=subprocess.PIPE, text=True,
                              env={"PYTHONPATH": "."}, check=False)
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and "No space left on device" in done.stderr
