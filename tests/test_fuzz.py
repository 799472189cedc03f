"""Seeded fuzzing of every command: whatever it is given, it does its work or refuses in one line and leaves nothing behind."""
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import traceback
import warnings
from pathlib import Path
from unittest import mock

import pytest

from tests.commands import leave
from tests.fuzz import cases
from tests.package_sample import ENDS
from tests.signals import heed

QUICK = 12                                  # of each kind, in the quick suite
SIGNALS = 40
SEED = os.environ.get("NONZERO_FUZZ_SEED", "")          # other cases than those of every run
SECONDS = 60                                # no case needs them: what takes so long was not checked before work began


class Reached(BaseException):
    """The input was taken, and what would follow is long: a build, a training, a measurement."""


class TooSlow(BaseException):
    """A case took longer than any may."""


LONG = (
    "sim.launch.fetch", "synth.synthesis.fetch", "synth.place.fetch", "amaranth.back.rtlil.convert", "rtl.emit.to_verilog",
    "compress.digits.train", "synth.pool.client", "synth.tool.find", "bench.mac.measure.recordings", "bench.mac.measure.random",
    "bench.mac.measure.whole", "bench.mac.measure.clock", "bench.eie.model.point", "bench.scnn.study.network",
    "golden.mac.speed.measure", "golden.mac.error.measure", "golden.mac.vectors.check", "golden.gpu.device.Device",
    "bench.history.measure.point", "bench.onnx.nodes.tests", "docsite.stage.fill", "compress.scnn.digits.stored",
    "compress.cnn.train")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with the files that are right, the current one; what takes long is cut off where it would begin."""
    def reach(*_, **__):
        raise Reached
    for name in LONG:
        monkeypatch.setattr(name, reach)
    cases.prepare(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def contents(folder):
    """Every path in a folder, and what is in the files."""
    return {str(path): path.read_bytes() if path.is_file() else b"" for path in sorted(folder.rglob("*"))}


def faults(case, folder):
    """Why the end of a case is none that may be."""
    before = contents(folder)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    kept = {name: value for name, value in os.environ.items() if name not in case.environment}
    given = {name: value for name, value in case.environment.items() if value is not None}
    try:
        with mock.patch.dict(os.environ, kept | given, clear=True), mock.patch.object(tempfile, "tempdir", None):
            left = leave(case.module, *case.arguments)
    except Reached:
        return []
    except TooSlow:
        return [f"took {SECONDS} s"]
    except BaseException:
        return [traceback.format_exc(limit=-4)]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    after = contents(folder)
    found = left.faults
    if any(after.get(path) != held for path, held in before.items() if left.code == 2 or Path(path).name in case.inputs):
        found.append("a file was changed")
    if left.code == 2 and set(after) - set(before) and not left.err.startswith("refused: "):
        found.append(f"left {sorted(set(after) - set(before))}")
    if any(Path(path).name.startswith(".nonzero-") for path in after):
        found.append("left a draft")
    return [f"{fault}: {left.err[-300:]!r}" for fault in found]


def clear(folder, kept):
    """Remove what a case has made, and put back what it has written over."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if str(path) not in kept:
            path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
        elif path.is_file() and path.read_bytes() != kept[str(path)]:
            path.write_bytes(kept[str(path)])


def tried(family, count, folder):
    """What went wrong in so many cases of a kind."""
    def late(*_):
        raise TooSlow
    before, wrong, kept = signal.signal(signal.SIGALRM, late), [], contents(folder)
    try:
        for number in range(count):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")         # what is drawn is odd; what the command makes of it is not to warn
                case = family(random.Random(f"{SEED}{family.__name__} {number}"), folder)
            said = f"{family.__name__} {number}: {case.module} {case.arguments} {case.environment or ''}"
            wrong += [f"{said}: {fault}" for fault in faults(case, folder)]
            clear(folder, kept)
    finally:
        signal.signal(signal.SIGALRM, before)
    return wrong


@pytest.mark.parametrize("family", cases.FAMILIES, ids=lambda family: family.__name__)
def test_a_few_cases(family, folder):
    wrong = tried(family, QUICK, folder)
    assert not wrong, "\n".join(wrong)


@pytest.mark.full
@pytest.mark.parametrize("family", cases.FAMILIES, ids=lambda family: family.__name__)
def test_all_cases(family, folder):
    assert sum(cases.FAMILIES.values()) >= 5000
    wrong = tried(family, int(os.environ.get("NONZERO_FUZZ", cases.FAMILIES[family])), folder)
    assert not wrong, f"{len(wrong)} faults\n" + "\n".join(wrong[:50])


SIGNALLED = {
    "compress.build": ["--example", "digits", "--passes", "2,3,1", "--pes", "4", "-o", "new/d.npz", "--json", "new/d.json"],
    "rtl.build": ["--pes", "1", "--out", "new", "--json", "new/made.json"],
    "synth.estimate": ["--pes", "4", "--preset", "ecp5", "--json", "new/made.json"]}
WHOLE = {"d.npz", "d.json", "d_inputs.npy", "d_labels.npy", "made.json", "manifest.json", "nonzero.h",
         *(f"eie_1{end}" for end in ENDS)}


@pytest.mark.full
def test_signals_at_any_moment(tmp_path):
    """Whenever a command is ended, it says nothing of itself and leaves whole files or none, and no draft."""
    root, wrong = str(Path(__file__).parents[1]), []
    for number in range(SIGNALS):
        rng = random.Random(f"signals {number}")
        module, ends = rng.choice(list(SIGNALLED)), rng.choice((signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
        folder = tmp_path / str(number)
        folder.mkdir()
        with subprocess.Popen([sys.executable, "-m", module, *SIGNALLED[module]], cwd=folder, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": root},
                              preexec_fn=heed) as process:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(rng.uniform(0.1, 8))
            process.send_signal(ends)
            _, told = process.communicate(timeout=SECONDS)
        left = {path.name for path in folder.rglob("*") if path.is_file()}
        # before the command has begun, Python itself ends, with -N and for Ctrl-C with a trace
        if process.returncode not in (0, 128 + ends, -ends) or left - WHOLE or process.returncode > 0 and "Trace" in told:
            wrong.append(f"{number}: {module}, {ends.name}: {process.returncode}, {sorted(left)}, {told[-300:]!r}")
    assert not wrong, "\n".join(wrong)
