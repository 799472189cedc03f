"""The command-line helper: one-line errors, exit codes, whole files."""
import subprocess
import sys
import time

import pytest

from cli import command

PROGRAM = '''
from pathlib import Path
from typing import Annotated
import typer
from cli import command

app = command.application("Divide by a number of PEs.")

@app.command()
def run(pes: Annotated[int, typer.Option(help="PEs")] = 4, kind: str = "value"):
    """Say a number; for example: run --pes 3."""
    if pes < 1:
        raise {"value": ValueError, "type": TypeError, "over": OverflowError, "bug": KeyError}[kind](
            f"pes must be at least 1,\\n not {pes}; ask for more")
    if kind == "missing":
        Path("/nonexistent/file").read_text()
    print(100 // pes)

if __name__ == "__main__":
    command.main(app)
'''


@pytest.fixture
def run(tmp_path):
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)

    def call(*arguments):
        done = subprocess.run([sys.executable, path, *arguments], capture_output=True, text=True, check=False,
                              env={"PYTHONPATH": "."})
        return done.returncode, done.stdout, done.stderr
    return call


def test_success_says_its_answer_and_leaves_zero(run):
    assert run("--pes", "5") == (0, "20\n", "")


@pytest.mark.parametrize("kind", ["value", "type", "over"])
def test_bad_input_is_one_line_and_exit_two(run, kind):
    assert run("--pes", "0", "--kind", kind) == (
        2, "", "error: pes must be at least 1, not 0; ask for more\n")


def test_a_missing_file_is_named(run):
    code, out, err = run("--kind", "missing")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("error: ") and "/nonexistent/file" in err


@pytest.mark.parametrize("arguments", [["--pes", "many"], ["--unknown"], ["extra"]])
def test_wrong_usage_is_one_line_and_exit_two(run, arguments):
    code, out, err = run(*arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("error: ") and arguments[-1] in err and "--help" in err


@pytest.mark.parametrize("flag", ["-v", "--verbose"])
def test_verbose_shows_the_trace(run, flag):
    code, _, err = run("--pes", "0", flag)
    assert code != 0 and "Traceback" in err and "ValueError" in err


def test_our_own_mistakes_are_never_hidden(run):
    code, _, err = run("--pes", "0", "--kind", "bug")
    assert code == 1 and "Traceback" in err and "KeyError" in err


def test_help_shows_options_and_example(run):
    code, out, _ = run("--help")
    assert code == 0 and "--verbose" in out and "run --pes 3" in out


def test_a_file_is_whole_or_as_before(tmp_path):
    path = tmp_path / "new" / "file.npz"
    with command.atomic(path) as draft:
        assert draft.suffix == ".npz" and draft.parent == path.parent and not path.exists()
        draft.write_text("first")
    assert path.read_text() == "first"
    with pytest.raises(RuntimeError), command.atomic(path) as draft:
        draft.write_text("sec")
        raise RuntimeError
    assert path.read_text() == "first" and list(path.parent.iterdir()) == [path]


def test_a_folder_is_whole_or_absent(tmp_path):
    path = tmp_path / "folder"
    with pytest.raises(RuntimeError), command.atomic(path) as draft:
        draft.mkdir()
        (draft / "a").write_text("a")
        raise RuntimeError
    assert not list(tmp_path.iterdir())
    with command.atomic(path) as draft:
        draft.mkdir()
        (draft / "a").write_text("a")
    assert (path / "a").read_text() == "a" and list(tmp_path.iterdir()) == [path]


def test_json_refuses_what_json_cannot_hold(tmp_path):
    path = tmp_path / "x.json"
    command.write_json(path, {"a": [1, 2]})
    assert path.read_text() == '{\n  "a": [\n    1,\n    2\n  ]\n}\n'
    with pytest.raises(ValueError, match="Out of range float"):
        command.write_json(path, {"a": float("nan")})
    assert path.read_text().startswith('{\n  "a": [')


def test_progress_is_silent_when_quick_and_speaks_when_slow(capsys, monkeypatch):
    with command.progress("quick work", total=2) as work:
        work.advance()
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(command, "PATIENCE", 0.01)
    with command.progress("slow work") as work:
        time.sleep(0.3)
        work.advance(3)
    assert capsys.readouterr().err == "slow work ...\n"
