"""Cases: files drawn from a seed in a folder, and the command line that is given them."""
import json
import re
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from bench.eie.deep import benched
from compress import image as images
from compress.eie import image as eie
from compress.huffman import file as huffman
from compress.scnn import image as scnn_image
from golden.mac import recording
from sim.scnn.cases import case
from spec.scnn import preset as scnn
from tests.commands import ALL, leave
from tests.compress_sample import sample, small
from tests.fuzz import damage
from tests.fuzz.graph import graph, network, planes

NUMBERS = ("0", "-1", "1", "2", "3", "4", "8", "16", "64", "257", "1000000", "2147483648", "9" * 20, "1e3", "0x10", "٣", "",
           " 4", "+4", "nan", "1.5", "true")
REALS = ("0", "-1", "nan", "inf", "-inf", "1e400", "1e-400", "0.5", "1", "", "x", "100")
TEXTS = ("", "x", "default", "paper", "ecp5", "ice40", "eie", "mac", "scnn", "digits", "volta", "fp16", "fp16,bf16",
         "[red]x[/red]",
         "[/]", "\x1b[31m", "{x}", "\udcff", "a,b", ",", "1,2", ",,", "🙂", "--", "-", "../..", "%s", "x" * 300, "a\nb",
         "lfe5u-85f-6", "ice40up5k", "icebreaker", "NT-We", "queue_depth=4", "slots=0", "x=1", "verilator", "icarus", "scaling",
         "modulo", "1,2,3")
PATHS = ("", ".", "/", "/dev/null", "none", "none.npz", "x" * 300, "net.npz/x", "\udcff.json", "[red].json", "{x}.npz",
         "new/new.json", " ", "net.npz", "weights.npz", "x.npy", "y.npy", "a.npy", "b.npy", "m.v", "rows.npz", "link", "pipe",
         "folder", "runs.json", "new.npz", "net.onnx", "net.nzc", "new.nzc", "net.safetensors", "conv.npz", "planes.npy",
         "planes.onnx", "layers.npz", "history.json",
         "\x1b[31m.json", "{pes}.npz")
WRITERS = (("compress.build", "weights.npz", "--pes", "2", "--calibrate", "x.npy", "-o", "new.npz"),
           ("compress.huffman", "net.npz", "-o", "new.nzc"), ("golden.mac", "--check", "rows.npz"),
           ("compress.check", "net.onnx"), ("compress.check", "weights.npz"),
           ("compress.build", "--design", "scnn", "planes.onnx", "--preset", "ecp5", "--pes", "1", "-o", "new.npz", "--report",
            "new.html"), ("compress.precision", "weights.npz", "--data", "x.npy", "--plot", "new.svg"),
           ("compress.firmware", "conv.npz", "-o", "new.h"), ("bench.history", "--file", "history.json", "--page", "new.md"),
           ("synth.estimate", "--pes", "4", "--entries", "1024", "--columns", "128", "--image", "net.npz", "--input", "x.npy"))
SHAPES = ((3, 10), (6, 10), (3, 6), (6,), (0, 3), (1, 1))
BASES = {
    "rtl.build": ["--pes", "2", "--preset", "ecp5", "--out", "new"],
    "compress.build": ["weights.npz", "-o", "new.npz", "--pes", "2"],
    "sim.run": ["net.npz", "--input", "x.npy", "--out", "new"],
    "synth.run": ["--verilog", "m.v", "--top", "m", "--out", "new"],
    "synth.estimate": ["--pes", "4", "--preset", "ecp5"], "synth.sweep": ["--pes", "2", "--preset", "ecp5", "--out", "new"],
    "compress.check": ["net.onnx"], "golden.mac": ["--check", "rows.npz"], "bench.eie": ["--image", "net.npz"],
    "bench.eie.study": ["index", "--out", "new"],
    "bench.scnn": ["--networks", "AlexNet"], "bench.storage": ["--folds", "1"], "synth.baseline": ["--list"],
    "compress.huffman": ["net.npz", "-o", "new.nzc"], "compress.firmware": ["net.npz", "-o", "new.h"],
    "boards.run": ["net.npz", "--board", "virtual", "--input", "x.npy"],
    "boards.build": ["--board", "ulx3s-85f", "--pes", "2", "--preset", "ecp5", "--plan", "--out", "new"],
    "bench.mac": ["--parts", "random", "--operations", "2"],
    "compress.precision": ["weights.npz", "--data", "x.npy"], "boards.list": [],
    "boards.flash": ["--board", "ulx3s-85f", "--folder", "folder"], "bench.history": ["--file", "history.json"],
    "bench.onnx": ["--json", "new.json"], "golden.gpu": ["--out", "new"], "doctor": [],
    "docsite": ["--out", "new", "--work", "work"],
    "rtl.mac.scaled": ["--format", "mxfp4_e2m1", "--out", "new"], "rtl.parameters": ["--out", "new.md"],
    "compress.scnn.train": ["-o", "new.npz"], "bench.eie.page": ["--page", "page.md", "--results", "folder"],
    "bench.mac.page": ["--page", "page.md", "--results", "runs.json"]}
OURS = ("rtl.parameters", "bench.eie.page", "bench.mac.page")       # what they write unasked is in this repository
SCNN_BASES = {"sim.run": ["conv.npz", "--input", "planes.npy", "--timed", "0"],
              "compress.build": ["planes.onnx", "-o", "new.npz", "--preset", "ecp5", "--rows", "1", "--cols", "1"]}
ANY = (None, "", "0", "-1", "x", "/dev/null", "/nonexistent/x", "\udcff", "9" * 30, "[red]", "x" * 5000)
ENVIRONMENT = {name: (*ANY, *more) for name, more in {
    "PATH": (), "HOME": (), "TMPDIR": (), "NONZERO_CACHE": ("folder", "x.npy"), "YOWASP_CACHE_DIR": ("folder", "x.npy"),
    "COLUMNS": ("1", "40"), "LINES": (), "TERM": ("dumb",), "WAVES": ("1",), "LC_ALL": ("C", "POSIX"), "NO_COLOR": (),
    "COCOTB_TEST_FILTER": (), "COCOTB_RANDOM_SEED": (), "XDG_CACHE_HOME": (), "OMP_NUM_THREADS": (), "FORCE_COLOR": ("1",),
    "MAKEFLAGS": (), "PYTHONPATH": (), "CXX": (), "SLURM_JOB_ID": ()}.items()}


@dataclass(frozen=True)
class Case:
    """A command line, and what it is about, for who reads of a fault."""

    module: str
    arguments: list[str]
    environment: dict[str, str | None] = field(default_factory=dict)
    inputs: frozenset[str] = frozenset()            # files that the command reads, and that stay as they are


def prepare(folder: Path) -> None:
    """Write the files that are right, which cases damage or name."""
    image = sample(small())
    eie.save(image, folder / "net.npz")
    huffman.save(image, folder / "net.nzc")
    conv = case(scnn("ecp5", pes=1), seed=0)
    scnn_image.save(conv.image, folder / "conv.npz")
    np.save(folder / "planes.npy", conv.x)
    rng = np.random.default_rng(0)
    weights = {"a.weight": rng.normal(size=(6, 10)).astype("f4"), "a.bias": rng.normal(size=6).astype("f4"),
               "b.weight": rng.normal(size=(3, 6)).astype("f4")}
    np.savez(folder / "weights.npz", **weights)
    (folder / "net.onnx").write_bytes(network().SerializeToString())
    (folder / "planes.onnx").write_bytes(planes().SerializeToString())
    np.savez(folder / "layers.npz", **convolutions_by_name(rng))
    (folder / "history.json").write_text(json.dumps({"format": 1, "points": [
        {"commit": f"{number:040x}", "date": "2026-01-01T00:00:00+00:00", "subject": "x", "figures": {"eie_cycles": 9 + number},
         "tools": {}} for number in range(2)]}))
    (folder / "net.safetensors").write_bytes(save(weights))
    np.save(folder / "x.npy", rng.random((2, 10)).astype("f4"))
    np.save(folder / "y.npy", np.array([0, 4]))
    np.save(folder / "a.npy", rng.random((4, 4)))
    np.save(folder / "b.npy", rng.random((4, 8)))
    recording.save(folder / "rows.npz", recording.Recording(
        a=rng.integers(0, 1 << 14, (3, 4), np.uint16), b=rng.integers(0, 1 << 14, (3, 4), np.uint16), c=np.zeros(3, np.uint32),
        d=np.zeros(3, np.uint32), gpu="V100", instruction="mma.sync", ab_format="fp16", cd_format="fp32"))
    (folder / "m.v").write_text("module m(input clk, output reg q); always @(posedge clk) q <= ~q; endmodule\n")
    report = {"order": "balanced", "spec": asdict(benched("default", pes=1)), "layers": {"NT-We": {"runs": [{"design": "x"}]}}}
    (folder / "runs.json").write_text(json.dumps(report))
    (folder / "page.md").write_text("<!-- random -->\n<!-- end -->\n")
    (folder / "folder").mkdir()
    (folder / "link").symlink_to("x.npy")


def archives(rng, folder):
    """Archives that are cut, packed otherwise, doubled, or filled with other things."""
    name, commands = rng.choice((
        ("net.npz", (("sim.run", "{}", "--input", "x.npy"), ("bench.eie", "--image", "{}"),
                     ("synth.estimate", "--pes", "4", "--preset", "ecp5", "--image", "{}"))),
        ("conv.npz", (("sim.run", "{}", "--input", "planes.npy", "--timed", "0"),
                      ("rtl.build", "--image", "{}", "--out", "new"))),
        ("weights.npz", (("compress.build", "{}", "-o", "new.npz", "--pes", "2", "--json", "new.json"),)),
        ("rows.npz", (("golden.mac", "--check", "{}"),)),
        ("net.nzc", (("compress.huffman", "{}", "-o", "new.npz"),))))
    raw, bad = (folder / name).read_bytes(), f"bad{Path(name).suffix}"
    ways = (damage.data,) if bad == "bad.nzc" else (damage.data, damage.archive, damage.archive, damage.fields)
    (folder / bad).write_bytes(rng.choice(ways)(rng, raw))
    return _given(rng.choice(commands), bad)


EIE_IMAGES = (("sim.run", "{}", "--input", "x.npy", "--labels", "y.npy"), ("bench.eie", "--image", "{}"),
              ("synth.estimate", "--pes", "4", "--preset", "ecp5", "--image", "{}", "--input", "x.npy"))
SCNN_IMAGES = (("sim.run", "{}", "--input", "planes.npy", "--timed", "0"), ("rtl.build", "--image", "{}", "--out", "new"),
               ("synth.estimate", "--design", "scnn", "--preset", "ecp5", "--pes", "1", "--image", "{}"))


def headers(rng, folder):
    """Images whose header or members say odd things, with the digest that fits them."""
    name, commands = rng.choice((("net.npz", EIE_IMAGES), ("conv.npz", SCNN_IMAGES)))
    with np.load(folder / name) as given:
        members = {name: given[name] for name in given.files}
    head = json.loads(members.pop("header").tobytes())
    if rng.random() < 0.6:
        head = damage.value(rng, head)
    else:
        name = rng.choice(list(members))
        members[name] = damage.array(rng, members[name])
    if isinstance(head, dict) and rng.random() < 0.9:
        try:
            head["sha256"] = images.digest(head, members)
        except (TypeError, ValueError):
            pass
    raw = damage.document(rng, head)
    np.savez(folder / "bad.npz", header=np.frombuffer(raw, np.uint8), **members)
    return _given(rng.choice(commands), "bad.npz")


def programs(rng, folder):
    """Images for an SCNN array with some odd words in a program, its stream or an order, with the digest that fits them."""
    with np.load(folder / "conv.npz") as given:
        members = {name: given[name].copy() for name in given.files}
    head = json.loads(members.pop("header").tobytes())
    array = members[rng.choice(("layers", "lanes", "taps", "supply", "drain", "weights", "input_orders", "output_orders"))]
    flat, bits = array.reshape(-1), 8 * array.dtype.itemsize
    for _ in range(rng.choice((1, 1, 3))):
        at = rng.randrange(len(flat))
        word = rng.choice((int(flat[at]) ^ 1 << rng.randrange(bits), 0, (1 << bits) - 1, rng.getrandbits(bits)))
        flat[at] = np.array(word & (1 << bits) - 1, np.uint64).astype(array.dtype)
    head["sha256"] = images.digest(head, members)
    np.savez(folder / "bad.npz", header=np.frombuffer(json.dumps(head).encode(), np.uint8), **members)
    return _given(rng.choice(SCNN_IMAGES), "bad.npz")


def arrays(rng, folder):
    """Arrays of odd types, shapes and values, or whose header lies."""
    name, *command = rng.choice((
        ("x.npy", "sim.run", "net.npz", "--input", "{}", "--json", "new.json"),
        ("y.npy", "sim.run", "net.npz", "--input", "x.npy", "--labels", "{}"),
        ("planes.npy", "sim.run", "conv.npz", "--input", "{}", "--outputs", "new.npy", "--timed", "0"),
        ("x.npy", "bench.eie", "--image", "net.npz", "--input", "{}"),
        ("x.npy", "compress.build", "weights.npz", "-o", "new.npz", "--pes", "2", "--calibrate", "{}"),
        ("x.npy", "synth.estimate", "--pes", "4", "--image", "net.npz", "--input", "{}"),
        ("a.npy", "sim.run", "--design", "mac", "{}", "b.npy", "--outputs", "new.npy"),
        ("b.npy", "sim.run", "--design", "mac", "a.npy", "{}", "--outputs", "new.npy"),
        ("b.npy", "sim.run", "--design", "mac", "a.npy", "b.npy", "--c", "{}", "--outputs", "new.npy")))
    raw = (folder / name).read_bytes()
    if rng.random() < 0.5:
        np.save(folder / "bad.npy", damage.array(rng, np.load(folder / name)))
    else:
        (folder / "bad.npy").write_bytes(rng.choice((damage.data, damage.array_header))(rng, raw))
    return _given(command, "bad.npy")


def networks(rng, folder):
    """Files of weights of odd names, types, shapes and values, in either format."""
    rng_np = np.random.default_rng(rng.randrange(1 << 30))
    arrays = {f"{rng.choice('abc')}.{rng.choice(('weight', 'weight', 'bias', 'x'))}":
              damage.array(rng, rng_np.normal(size=rng.choice(SHAPES)).astype("f4"))
              for _ in range(rng.randrange(4))}
    if rng.random() < 0.3:
        name = rng.choice(("", "x", "\x1b.weight", ".weight", "[red].weight", "a.weight.weight", "é.weight"))
        arrays[name] = np.ones((2, 2), "f4")
    path = folder / rng.choice(("bad.npz", "bad.safetensors"))
    if path.suffix == ".npz":
        np.savez(path, **arrays)
    else:
        raw = (folder / "net.safetensors").read_bytes()
        size = int.from_bytes(raw[:8], "little")
        head = damage.document(rng, damage.value(rng, json.loads(raw[8:8 + size])))
        path.write_bytes(rng.choice((len(head).to_bytes(8, "little") + head + raw[8 + size:], damage.data(rng, raw))))
    more = rng.choice(([], ["--density", rng.choice(REALS)], ["--relu-last"], ["--calibrate", "x.npy"]))
    preset = rng.choice(("default", "ecp5", "paper"))
    return Case("compress.build", [path.name, "-o", "new.npz", "--pes", "2", "--preset", preset, *more])


def convolutions_by_name(rng):
    """Arrays of a network of two convolutions and a dense layer."""
    return {"input.shape": np.array([1, 6, 6]), "c.weight": rng.normal(size=(2, 1, 3, 3)).astype("f4"),
            "c.padding": np.array(1), "c.pool": np.array(2), "d.weight": rng.normal(size=(3, 2, 2, 2)).astype("f4"),
            "e.weight": rng.normal(size=(2, 12)).astype("f4"), "e.bias": rng.normal(size=2).astype("f4")}


SCNN_BUILD = ["-o", "new.npz", "--design", "scnn", "--preset", "ecp5", "--rows", "1", "--cols", "1"]


def convolutions(rng, folder):
    """Arrays of convolutions of odd names, types, shapes and values."""
    given = convolutions_by_name(np.random.default_rng(rng.randrange(1 << 30)))
    for _ in range(rng.choice((0, 1, 1, 2))):
        name = rng.choice(list(given))
        kind = rng.randrange(4)
        if kind == 0:
            given[rng.choice(("c.stride", "d.groups", "c.padding", "x", "e.pool", "d.codes", ".weight", "input.shape"))] = \
                damage.array(rng, np.array(rng.choice(([1, 1], [2], [0], [1, 2, 3, 4], [-1], [1 << 40], []))))
        elif kind == 1:
            del given[name]
        else:
            given[name] = damage.array(rng, given[name])
        if not given:
            break
    np.savez(folder / "bad.npz", **given)
    np.save(folder / "data.npy", damage.array(rng, np.random.default_rng(1).random((6, 1, 6, 6)).astype("f4")))
    more = rng.choice(([], ["--data", "data.npy"], ["--density", rng.choice(REALS)], ["--weight-code-bits", "4"],
                       ["--data", "data.npy", "--labels", "y.npy"], [f"--input-range={rng.choice(REALS)},{rng.choice(REALS)}"],
                       ["--data", "data.npy", "--passes", "1,0"], ["--prune", "sensitivity", "--data", "data.npy"],
                       ["--report", "new.html", "--data", "data.npy"], ["--level", rng.choice(NUMBERS)]))
    return rng.choice((Case("compress.build", ["bad.npz", *SCNN_BUILD, *more]), Case("compress.check", ["bad.npz"]),
                       Case("compress.build", ["layers.npz", *SCNN_BUILD, *more])))


def graphs(rng, folder):
    """ONNX networks with odd edges, operators, attributes, sizes and places of weights."""
    name = rng.choice(("net.onnx", "planes.onnx"))
    raw = (folder / name).read_bytes()
    (folder / "bad.onnx").write_bytes(rng.choice((damage.data, graph, graph, graph))(rng, raw))
    if name == "planes.onnx" and rng.random() < 0.7:
        return Case("compress.build", ["bad.onnx", *SCNN_BUILD])
    return rng.choice((Case("compress.check", ["bad.onnx", "--json", "new.json"]),
                       Case("compress.build", ["bad.onnx", "-o", "new.npz", "--pes", "2", "--calibrate", "x.npy"]),
                       Case("compress.build", ["bad.onnx", "-o", "new.npz", "--pes", "2", "--input-range=0,1"])))


def texts(rng, folder):
    """Verilog and reports of earlier runs that are none."""
    if rng.random() < 0.5:
        (folder / "bad.v").write_bytes(damage.data(rng, (folder / "m.v").read_bytes()))
        return Case("synth.run", ["--verilog", "bad.v", "--top", rng.choice(("m", "m", *TEXTS)), "--seeds", "0"])
    name, *command = rng.choice((("runs.json", "bench.eie", "--pes", "1", "--resume", "--json"),
                                 ("runs.json", "bench.mac", "--json"),
                                 ("runs.json", "bench.mac.page", "--page", "page.md", "--results"),
                                 ("history.json", "bench.history", "--page", "new.md", "--file")))
    head = damage.value(rng, json.loads((folder / name).read_text()))
    (folder / "bad.json").write_bytes(damage.document(rng, head))
    return Case(command[0], [*command[1:], "bad.json"])


def options(rng, folder):
    """Command lines with odd values, of the options that the command says it has."""
    module = rng.choice(ALL)
    arguments = list(BASES[module]) if rng.random() < 0.8 or module in OURS else []
    if module in ("rtl.build", "sim.run", "synth.run", "synth.estimate", "synth.sweep", "compress.build", "boards.build") and \
            rng.random() < 0.3:
        arguments = rng.choice((["--design", "mac", *({"sim.run": ["a.npy", "b.npy"]}.get(module, []))],
                                ["--design", "scnn", *SCNN_BASES.get(module, [])]))
    offered = offers(module, arguments[1] if arguments[:1] == ["--design"] else "eie")
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        name, kind = rng.choice(offered)
        pool = {"INTEGER": NUMBERS, "FLOAT": REALS, "PATH": PATHS, "": None}.get(kind, TEXTS + NUMBERS)
        value = [] if pool is None else [rng.choice(pool if rng.random() < 0.9 else PATHS + TEXTS + NUMBERS)]
        at = rng.randrange(len(arguments) + 1) if rng.random() < 0.1 else len(arguments)
        arguments[at:at] = [name, *value] if rng.random() < 0.9 else [f"{name}={''.join(value)}"]
    if rng.random() < 0.1 and arguments and module not in OURS:
        arguments[rng.randrange(len(arguments))] = rng.choice(PATHS + TEXTS)
    return Case(module, arguments)


def collisions(rng, folder):
    """Command lines whose outputs may be their inputs, each other, or what is no file to write."""
    command = list(rng.choice(WRITERS))
    ends = [word for word in command if word in PATHS]
    option = rng.choice(("--json", "--json", "-o") if "-o" in command else ("--json",))
    if option == "-o":
        command[command.index("-o") + 1] = rng.choice((*ends, *PATHS))
        option = "--json"
    command[1:1] = [option, rng.choice((*ends, *ends, *PATHS))]
    return Case(command[0], command[1:], inputs=frozenset(ends) - {"new.npz", "new.nzc"})


def surroundings(rng, folder):
    """Command lines in an environment that a shell, a container or a batch system may have left."""
    chosen = rng.sample(list(ENVIRONMENT), rng.randrange(1, 4))
    module = rng.choice(ALL)
    return Case(module, list(BASES[module]), {name: rng.choice(ENVIRONMENT[name]) for name in chosen})


@cache
def offers(module, design):
    """The options of a command, and the kind of value each takes, as its help says."""
    told = leave(module, *(["--design", design] if design != "eie" else []), "--help").out
    return re.findall(r"^ +(?:-\w, )?(--(?!verbose)[a-z][\w-]*)(?:, -\w)?(?: / --[\w-]+)? +([A-Z]+)?", told, re.MULTILINE)


def _given(command, name):
    module, *arguments = command
    return Case(module, [name if argument == "{}" else argument for argument in arguments])


FAMILIES = {archives: 1400, headers: 1300, arrays: 1000, networks: 500, convolutions: 500, programs: 500, graphs: 500,
            texts: 300, options: 1800, surroundings: 250, collisions: 300}
"""Kinds of cases, and how many of each are tried."""
