"""Ctrl-C while a command's modules are imported: exit code 130 and not a word; somebody's program is left alone."""
import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest

from cli.signals import Ended, ending
from nonzero import COMMANDS
from tests.signals import heed

ROOT = Path(__file__).parents[1]
MODULES = [module for module, _ in COMMANDS.values() if not module.startswith("doctor")]     # that imports nothing large
PRESS = "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(30)\n"


def pressed(tmp_path, *arguments, at="typer"):
    """Run Python in the repository with Ctrl-C pressed while a package is imported."""
    (tmp_path / f"{at}.py").write_text(PRESS)
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
                          preexec_fn=heed,
                          env=os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"})


@pytest.mark.parametrize("module", MODULES)
def test_a_command_ends_without_a_word(tmp_path, module):
    done = pressed(tmp_path, "-m", module, "--help")
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_the_console_command_too(tmp_path):
    done = pressed(tmp_path, "-c", "import sys; sys.argv = ['nonzero', 'run', '--help']; import nonzero; nonzero.main()")
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_late_imports_too(tmp_path):
    """Those of the machine's own part, while the command's work begins."""
    done = pressed(tmp_path, "-m", "synth.run", "--help", at="numpy")
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_a_program_that_imports_us_is_left_alone(tmp_path):
    done = pressed(tmp_path, "-c", "import compress.mac.build", at="typer")
    assert done.returncode == -signal.SIGINT and "KeyboardInterrupt" in done.stderr


class Finalised:
    """What is asked to end while it goes."""

    def __init__(self, number):
        self.number = number

    def __del__(self):
        signal.raise_signal(self.number)


@pytest.mark.parametrize(("number", "end"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Ended)])
def test_a_signal_in_a_finaliser_is_not_lost(number, end):
    before = signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    try:
        with warnings.catch_warnings(record=True) as said, pytest.raises(end), ending():
            warnings.simplefilter("always")
            Finalised(number)
            try:
                time.sleep(5)
            finally:
                warnings.warn("of what is half made", stacklevel=1)
        assert not said
    finally:
        signal.signal(number, before)
