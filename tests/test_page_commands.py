"""Every command of every page: at once, that its options exist; at length, that it runs and ends as the page says."""
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

import nonzero
from tests.commands import leave
from tests.onnx_sample import model, node
from tests.test_mac_recordings import FOLDER

ROOT = Path(__file__).parents[1]
PAGES = {str(path.relative_to(ROOT)): path for path in [
    ROOT / "README.md", ROOT / "examples" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]}
SHELLS = ("sh", "bash", "console")
FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
BLOCK = re.compile(r"```.*?```", re.DOTALL)
INLINE = re.compile(r"`((?:python -m |nonzero |pytest |make (?!-))[^`]+)`")
A_COMMAND = re.compile(r"\s*(?:\$ )?(?:[A-Z_]+=\S* )*(?:python3? |nonzero |pytest |make (?!=)|pip )")

ELSEWHERE = {                               # commands that another test runs, or that come before these tests
    "make setup": "what runs these tests has done it", ". .venv/bin/activate": "the same", "make test": "these tests",
    "make verilog": "tests/test_build.py", "make docs": "tests/test_docsite.py",
    "nvdisasm -c build/cubin/mma.sync.m16n8k32.f16.e4m3.e4m3.f16.sm_90.cubin": "NVIDIA's, of what `golden.gpu` wrote",
}
OWN_TEST = {"docs/soc.md": "tests/test_soc_page.py", "examples/README.md": "tests/test_examples.py"}
MEASURED = {                                # an hour's work, and its place is fixed: its own test runs it on less
    module: f"tests/test_{name}.py" for module, name in {
        "bench.mac": "bench_mac", "bench.mac.page": "bench_mac", "bench.storage": "bench_storage", "bench.eie": "bench_eie",
        "bench.eie.page": "bench_eie_page", "bench.eie.study": "bench_eie_page",
        "bench.scnn": "bench_scnn", "bench.history": "history", "golden.gpu": "gpu", "synth.baseline": "synth_baseline"}.items()
}
RECORDED = "../shared/tensor_core"          # rows of other people's GPUs, which do not come with the project
BOARD = re.compile(r"boards\.(?:flash --board|run --board (?!virtual))")     # need a board, and none is here
EXAMPLES = {"digits ": "--pes 4", "digits-cnn ": "--preset ecp5 --rows 2 --cols 2"}      # of compress.build, on a few PEs


def smaller(command):
    """The same command on a smaller machine, with one seed where it places and routes, and the recordings that are here."""
    command = command.replace(RECORDED, shlex.quote(str(FOLDER)))
    for example, size in EXAMPLES.items():
        if f" --example {example}" in command and not re.search(r" --(pes|rows|help)\b", command):
            return f"{command} {size}"
    if not re.search(r" -m (synth\.run|synth\.sweep|boards\.build) ", command):
        return command
    command = re.sub(r"--pes [\d,]+", "--pes 1,2" if "synth.sweep" in command else "--pes 1", command)
    command = re.sub(r"--seeds [1-9]\d*", "--seeds 1", command)
    more = "" if "--seeds" in command else " --seeds 1"
    return command + more + (" --fold 16" if "--design mac" in command else "")


def lines(pages=PAGES):
    """Every command in the fences of the pages, as (page, command), without what is said after it."""
    for page, path in pages.items():
        for kind, block in FENCE.findall(path.read_text()):
            for line in filter(None, map(str.strip, block.replace("\\\n", " ").splitlines())):
                if kind not in SHELLS and not A_COMMAND.match(line):
                    continue
                command = re.sub(r"\s+#\s.*$", "", line.removeprefix("$ ")).strip()
                if command and not command.startswith("#"):
                    yield page, command


def mentioned():
    """Every command in the text of the pages, outside of fences, as (page, command)."""
    for page, path in PAGES.items():
        for command in INLINE.findall(BLOCK.sub("", path.read_text())):
            yield page, " ".join(command.split())


COMMANDS = list(dict.fromkeys(lines()))
MENTIONED = list(dict.fromkeys(mentioned()))


def ours(command):
    """The module and the arguments of a command of ours, or None; NAME stands for a machine, ... for any options."""
    words = [word for word in shlex.split(command.replace("--design NAME", "--design eie")) if word != "..."]
    if words[:2] == ["python", "-m"] and words[2] != "pytest" and words[2] != "pip":
        return words[2], words[3:]
    return ("nonzero", words[1:]) if words[:1] == ["nonzero"] else None


def check_tests(command):
    """Check that a pytest command names files that are there and, with -k, a test in them."""
    words = shlex.split(command.removeprefix("python -m "))[1:]
    places = [ROOT / word for before, word in zip(["", *words], words, strict=False)
              if not word.startswith("-") and before not in ("-k", "-m", "-n")]
    places = [found for place in places for found in sorted(place.parent.glob(place.name)) or [place]]
    files = [file for place in places for file in ([place] if place.is_file() else place.rglob("test_*.py"))]
    assert places and files and all(place.exists() for place in places), f"{command} names tests that are not there"
    if "-k" in words:
        text = " ".join(file.read_text() for file in files)
        wanted = set(re.findall(r"\w+", words[words.index("-k") + 1])) - {"or", "and", "not"}
        assert not [word for word in wanted if word not in text], f"{command} selects no test"


@pytest.mark.parametrize(("page", "command"), COMMANDS + MENTIONED,
                         ids=[f"{page}: {command}" for page, command in COMMANDS + MENTIONED])
def test_the_options_of_a_command_exist(page, command, tmp_path, monkeypatch):
    if not (found := ours(command)):
        if command.startswith(("python -m pytest ", "pytest ")):
            check_tests(command)
        elif command.startswith("make "):
            makefile = (ROOT / "Makefile").read_text()
            assert all(re.search(rf"^{re.escape(target)}:", makefile, re.MULTILINE) for target in command.split()[1:])
        else:
            assert command in ELSEWHERE or page in OWN_TEST
        return
    module, arguments = found
    if module == "nonzero" and arguments:
        words = next(count for count in (2, 1) if " ".join(arguments[:count]) in nonzero.COMMANDS)
        (module, _), arguments = nonzero.COMMANDS[" ".join(arguments[:words])], arguments[words:]
    monkeypatch.chdir(tmp_path)
    prepare(tmp_path, page)
    left = leave(module, *arguments, "--help")
    made_before = "must name a file" in left.err        # by another command of the page
    assert made_before or left.code == 0 and not left.err and "sage: " in left.out, left.err


def prepare(folder, page):
    """Write the files that a page's commands begin with."""
    rng = np.random.default_rng(1)
    weights = {"fc1.weight": rng.normal(size=(24, 20)).astype("f4"), "fc2.weight": rng.normal(size=(8, 24)).astype("f4")}
    np.save(folder / "x.npy", rng.random((4, 20)).astype("f4"))
    np.save(folder / "y_labels.npy", rng.integers(0, 8, 4))
    if page == "docs/networks.md":
        np.save(folder / "y.npy", rng.integers(0, 8, 4))
    for name, shape in (("a", (4, 8)), ("b", (8, 8)), ("c", (4, 8))):
        np.save(folder / f"{name}.npy", rng.normal(size=shape))
    np.savez(folder / "net.npz", **weights)
    save_file(weights, folder / "net.safetensors")
    layers = [node("Gemm", ["x", "w1"], "h", transB=1), node("Relu", ["h"], "r"), node("Gemm", ["r", "w2"], transB=1)]
    proto = model(layers, {"w1": weights["fc1.weight"], "w2": weights["fc2.weight"]}, ["n", 20])
    (folder / "model.onnx").write_bytes(proto.SerializeToString())
    if page in IMAGES:
        options = ["--preset", "ice40", "--pes", "1", "--density", "0.5", "--calibrate", folder / "x.npy"]
        assert leave("compress.build", folder / "net.npz", "-o", folder / "net.npz.new", *options).code == 0
        (folder / "net.npz.new").replace(folder / "net.npz")


IMAGES = ("docs/boards/boards.md",)
"""Pages on which net.npz is an image already, not a network."""


def expected(command):
    """The exit code of a command: 2 where it needs a board, for none is here."""
    return 2 if BOARD.search(command) else 0


def test_a_command_is_found_in_a_fence_of_any_kind(tmp_path):
    """What is printed in a fence is no command; what a newcomer would type is, whatever the fence is called."""
    fences = ["```\npython -m a.b -x    # why\nout 3\n```", "  ```sh\n  one \\\n  two\n  ```",
              "```text\n$ X=1 pytest t.py\n```", "```python\nmake = 3\n```"]
    (tmp_path / "page.md").write_text("\n\n".join(fences))
    found = [command for _, command in lines({"p": tmp_path / "page.md"})]
    assert found == ["python -m a.b -x", "one    two", "X=1 pytest t.py"]
    assert INLINE.findall("`make` `make -C x` `make docs` `pytest x`") == ["make docs", "pytest x"]


def test_what_is_run_elsewhere_has_its_test():
    assert all((ROOT / place).exists() for place in [*MEASURED.values(), *OWN_TEST.values()])
    assert smaller("python -m synth.run --pes 64 --seeds 5") == "python -m synth.run --pes 1 --seeds 1"
    assert smaller("python -m boards.list") == "python -m boards.list"


LONG = {page: [command for other, command in COMMANDS if other == page and ours(command)] for page in PAGES}


@pytest.mark.full
@pytest.mark.parametrize("page", [page for page, commands in LONG.items() if commands and page not in OWN_TEST])
def test_the_commands_of_a_page_run(page, tmp_path):
    prepare(tmp_path, page)
    outside = os.environ | {"PYTHONPATH": str(ROOT)}
    for command in LONG[page]:
        module, arguments = ours(smaller(command))
        if module in MEASURED or RECORDED in command and not FOLDER.exists():
            continue
        done = subprocess.run([sys.executable, "-m", module, *arguments], cwd=tmp_path, env=outside, capture_output=True,
                              text=True, check=False)
        assert done.returncode == expected(command), f"{command}: {done.returncode}, {done.stderr[-500:]}"
        assert expected(command) == 0 or done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
