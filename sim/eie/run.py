"""Run an image on the generated Verilog of its machine, and check every value and counter of every layer against golden."""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from cli import command, paths
from cli.table import show
from cli.write import undone_if_ended
from compress.eie.load import load
from files.array import read_array, read_vectors
from golden import image as golden_image
from golden.eie import run as golden_run
from rtl.eie import generate
from sim import simulator
from sim.eie.answer import Answer, texts
from sim.eie.outcome import Outcome
from sim.eie.talks import layer_by_layer
from sim.eie.trace import check, watch_first
from sim.page import write
from sim.session import TOP, hold, prepare
from sim.trace import Trace

SHOWN = 40              # predictions printed; --json has all


def run(
    image: Annotated[Path, typer.Argument(help="Image, from python -m compress.build.", show_default=False)],
    *,
    input: Annotated[Path, typer.Option(help="Inputs, .npy: a vector or one in each row; float, uint8 or int16.",
                                        show_default=False)],
    labels: Annotated[Path | None, typer.Option(help="True classes, .npy of integers, for the accuracy.")] = None,
    outputs: Annotated[Path | None, typer.Option(help="Write the real outputs to this .npy, a vector in each row.")] = None,
    integers: Annotated[bool, typer.Option("--integers", help="Outputs are the machine's integers, int16.")] = False,
    first: Annotated[int | None, typer.Option(help="Run only the first N inputs.", min=1)] = None,
    sim: Annotated[str | None, typer.Option(help="verilator or icarus; unasked, Verilator where it can run.")] = None,
    waves: Annotated[bool, typer.Option("--waves", help="Leave a trace of all signals; for few inputs.")] = False,
    out: Annotated[Path, typer.Option("-o", "--out",
                                      help="Folder of the trace and of the simulator's log.")] = Path("build/run"),
    json: Annotated[Path | None, typer.Option(help="Write the figures, and all predictions, to a file.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write a page, .html, of what every PE did in the first input.")] = None,
) -> None:
    """Run an image on the Verilog of its machine in a simulator; every value of every layer is compared with golden.

    Example: python -m sim.run digits.npz --input digits_inputs.npy --labels digits_labels.npy --json run.json

    A layer's busy share is its useful multiplications over PEs x cycles. Exit code 1 says that a value or counter was
    not the golden model's.
    """
    paths.check(inputs={"image": image, "--input": input, "--labels": labels},
                outputs={"--outputs": outputs, "--json": json, "--report": report}, folders={"--out": out})
    paths.ends("--report", report, ".html")
    sim = simulator.pick(sim)
    loaded, trusted = load(image), golden_image.load(image)
    inputs = read_vectors(input, "input", loaded.layers[0].inputs)[:first]
    classes = None if labels is None else _classes(labels, first, len(inputs), loaded.layers[-1].outputs)
    with command.progress(f"golden: {len(inputs)} inputs"):
        golden = golden_run(trusted, inputs)
    built = generate(loaded.spec)
    watch = None if report is None else watch_first(built, loaded.spec, golden)
    with command.progress(f"{sim}: building the simulation of {built.name}"):
        prepare(built, sim=sim, waves=waves, probe=None if watch is None else watch.probe)
    talks = layer_by_layer(loaded, golden)
    folder = out / image.stem
    with (command.progress(f"{sim}: {len(inputs)} inputs x {len(loaded.layers)} layers", total=len(talks)) as bar,
          undone_if_ended(folder)):
        answers = hold(built, talks, sim=sim, waves=waves, folder=folder, log=_fresh(folder / "simulator.log"),
                       advance=bar.advance, watch=watch)
    outcome = Outcome(loaded, golden, answers, classes)
    answer = Answer(loaded, outcome.outputs, inputs, golden)
    _tell(outcome, built.name, sim)
    print("\n".join((*texts(answer, classes), *answer.lines(integers=integers))))
    if outputs is not None:
        answer.save(outputs, integers=integers)
        kind = "integers" if integers else "real values"
        print(f"wrote {outputs}: {outcome.vectors} x {loaded.layers[-1].outputs} {kind}")
    if waves:
        print(f"trace: {folder / ('dump.vcd' if sim == 'verilator' else TOP + '.fst')}")
    if json is not None:
        made = {"design": built.name, "simulator": sim, "image": str(image)}
        command.write_report(json, outcome.figures() | answer.figures() | made)
        print(f"wrote {json}")
    if report is not None and watch is not None:
        _draw(report, watch.take(folder), outcome, f"{image.stem} on {built.name}", sim)
        print(f"wrote {report}: a page for a browser")
    for line in outcome.faults():
        print(line)
    command.warn(answer.warnings())
    if outcome.wrong:
        raise typer.Exit(1)


def _classes(path: Path, first: int | None, wanted: int, classes: int) -> np.ndarray:
    """Return the labels in a file, one for each input."""
    given = read_array(path, "labels")
    if given.dtype.kind not in "iu":
        raise TypeError(f"labels in {path} must be integers, not {given.dtype}; write the number of each class")
    if given.ndim != 1 or (len(given) if first is None else min(first, len(given))) != wanted:
        raise ValueError(f"labels in {path} must be {wanted}, one per input, not an array of shape {given.shape}")
    given = given[:first]
    if (wrong := given[(given < 0) | (given >= classes)]).size:
        raise ValueError(f"labels in {path} must be 0 to {classes - 1}, the outputs of the network, not {wrong[0]}; "
                         f"write the number of each class")
    return given


def _fresh(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    return path


def _draw(report: Path, trace: Trace, outcome: Outcome, title: str, sim: str) -> None:
    check(trace, outcome.counters(0))
    image, vectors = outcome.image, f"{outcome.vectors} input{'s' if outcome.vectors > 1 else ''}"
    fact = (f"{vectors} through {len(image.layers)} layers on {image.spec.pes} PEs in {sim}; the first input is drawn. "
            f"{outcome.compared:,} values compared with the golden model, {outcome.mismatches:,} different.")
    write(report, trace, [layer.name for layer in image.layers], outcome.figures(), title=title, facts=[fact])


def _tell(outcome: Outcome, name: str, sim: str) -> None:
    work, causes = outcome.tables()
    show(f"{name} in {sim}, means of {outcome.vectors} inputs: work", outcome.WORK, work)
    show("cycles without a broadcast, by cause", outcome.CAUSES, causes)
    if outcome.image.layers[-1].outputs > 1:
        shown = outcome.predictions[:SHOWN].tolist()
        more = f" ... ({outcome.vectors} in all)" if outcome.vectors > SHOWN else ""
        print("predictions: " + " ".join(map(str, shown)) + more)
    if outcome.accuracy is not None:
        print(f"accuracy: {100 * outcome.accuracy:.2f} % ({outcome.right} of {outcome.vectors})")
    print(f"values compared with golden: {outcome.compared}, different: {outcome.mismatches}; "
          f"counters compared: {outcome.counted}, different: {outcome.counter_mismatches}")
