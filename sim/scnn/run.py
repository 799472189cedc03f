"""Run an image of convolution layers on the generated Verilog of its array, and compare values and counters with golden."""

import math
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from cli import command, paths
from cli.table import show
from cli.text import share
from cli.write import atomic, undone_if_ended
from compress.scnn import Image, load
from compress.scnn import inputs as quantised
from files.array import read_array, read_vectors
from golden import image as golden_image
from golden.scnn import run as golden_run
from rtl.scnn import generate
from sim import simulator
from sim.scnn.outcome import TOLERANCE, Outcome
from sim.scnn.talks import apart, together
from sim.scnn.trace import draw, watch_first
from sim.session import TOP, hold, prepare

SHOWN = 40              # predictions printed; --json has all
IN_VAIN = 4             # times as long as its parts a run may last whose activations do not fit
VALUES, VECTORS = 8, 3  # outputs printed of each input, and inputs of which they are


def run(
    image: Annotated[Path, typer.Argument(help="Image, from python -m compress.build --design scnn.", show_default=False)],
    *,
    input: Annotated[Path, typer.Option(help="Inputs, .npy, one or several, as the network's file takes them; float, uint8 or "
                                             "int16.", show_default=False)],
    labels: Annotated[Path | None, typer.Option(help="True classes, .npy of integers, for the accuracy.")] = None,
    outputs: Annotated[Path | None, typer.Option(help="Write the real outputs to this .npy, an input in each place.")] = None,
    integers: Annotated[bool, typer.Option("--integers", help="Outputs are the machine's integers, int16.")] = False,
    first: Annotated[int | None, typer.Option(help="Run only the first N inputs.", min=1)] = None,
    timed: Annotated[int, typer.Option(help="Inputs whose counters are compared with the model of time, the first ones; it "
                                            "follows every product through the crossbar, which is slow.", min=0)] = 1,
    sim: Annotated[str | None, typer.Option(help="verilator or icarus; unasked, Verilator where it can run.")] = None,
    waves: Annotated[bool, typer.Option("--waves", help="Leave a trace of all signals; for few inputs.")] = False,
    out: Annotated[Path, typer.Option("-o", "--out",
                                      help="Folder of the trace and of the simulator's log.")] = Path("build/run"),
    json: Annotated[Path | None, typer.Option(help="Write the figures, and all predictions, to a file.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write a page, .html, of what every PE did in the first input.")] = None,
) -> None:
    """Run an image on the Verilog of its array in a simulator; the outputs of the last layer are compared with golden.

    Example: python -m sim.run conv.npz --input image.npy --outputs y.npy --json run.json

    Activations between layers stay in the array's memories: of them only the counter of entries written is compared.
    Cycles and the slots of each cause must be within 1 % of the model of time, entries and the sum of all slots equal to it.
    Exit code 1 says that a value or counter was not the golden model's.
    """
    paths.check(inputs={"image": image, "--input": input, "--labels": labels},
                outputs={"--outputs": outputs, "--json": json, "--report": report}, folders={"--out": out})
    paths.ends("--report", report, ".html")
    sim = simulator.pick(sim)
    loaded, trusted = load(image), golden_image.load(image)
    shape = loaded.input_shape
    xs, clipped = quantised(loaded, read_vectors(input, "input", math.prod(shape), shape=shape)[:first])
    classes = None if labels is None else _classes(labels, first, len(xs), int(np.prod(loaded.output.shape)))
    timed = min(timed, len(xs))
    golden = []
    with command.progress(f"golden: {len(xs)} inputs", total=len(xs)) as bar:
        for number, x in enumerate(xs):
            golden.append(golden_run(trusted, x, crossbars=number < timed))
            bar.advance()
    built = generate(loaded.spec)
    cycles = [sum(own.cycles for own in one.counters) * (IN_VAIN if one.parts else 1) for one in golden]
    if report is not None and golden[0].parts:
        raise ValueError("report must be of an input whose activations fit, not of the first one, which runs in parts; "
                         "give another input first")
    watch = None if report is None else watch_first(built, loaded.spec, cycles[0])
    with command.progress(f"{sim}: building the simulation of {built.name}"):
        prepare(built, sim=sim, waves=waves, probe=None if watch is None else watch.probe, apart=apart(loaded.spec))
    talks = together(loaded, xs, cycles)
    folder = out / image.stem
    log = folder / "simulator.log"
    with (command.progress(f"{sim}: {len(xs)} inputs x {len(loaded.names)} layers", total=len(talks)) as bar,
          undone_if_ended(folder)):
        folder.mkdir(parents=True, exist_ok=True)
        log.unlink(missing_ok=True)
        answers = hold(built, talks, sim=sim, waves=waves, folder=folder, log=log, advance=bar.advance, watch=watch,
                       apart=apart(loaded.spec))
    outcome = Outcome(image=loaded, golden=golden, answers=answers, timed=timed, labels=classes)
    _tell(outcome, built.name, sim)
    if outputs is not None:
        answer = outcome.answer if integers else outcome.answer * loaded.output_scale
        with atomic(outputs) as draft, draft.open("wb") as file:
            np.save(file, answer, allow_pickle=False)
        print(f"wrote {outputs}: {' x '.join(map(str, answer.shape))} {'integers' if integers else 'real values'}")
    if waves:
        print(f"trace: {folder / ('dump.vcd' if sim == 'verilator' else TOP + '.fst')}")
    warnings = [_clipped(loaded, clipped, xs.size)] if clipped else []
    if json is not None:
        made = {"design": built.name, "simulator": sim, "image": str(image), "output_scale": loaded.output_scale,
                "inputs_saturated": clipped, "warnings": warnings}
        command.write_report(json, outcome.figures() | made)
        print(f"wrote {json}")
    if report is not None and watch is not None:
        draw(report, watch.take(folder), outcome, title=f"{image.stem} on {built.name}", sim=sim)
        print(f"wrote {report}: a page for a browser")
    for line in outcome.faults():
        print(line)
    command.warn(warnings)
    if outcome.wrong:
        raise typer.Exit(1)


def _clipped(image: Image, clipped: int, size: int) -> str:
    """Return a warning that inputs saturated."""
    return (f"{share(clipped, size)} of the inputs ({clipped:,} of {size:,}) saturated: the image takes "
            f"{-32768 * image.input_scale:g} to {32767 * image.input_scale:g}; build it again with inputs like these")


def _classes(path: Path, first: int | None, wanted: int, classes: int) -> np.ndarray:
    """Return the labels in a file, one for each input."""
    given = read_array(path, "labels")
    if given.dtype.kind not in "iu":
        raise TypeError(f"labels in {path} must be integers, not {given.dtype}; write the number of each class")
    if given.ndim != 1 or len(given[:first]) != wanted:
        raise ValueError(f"labels in {path} must be {wanted}, one per input, not an array of shape {given.shape}")
    given = given[:first]
    if (odd := given[(given < 0) | (given >= classes)]).size:
        raise ValueError(f"labels in {path} must be 0 to {classes - 1}, the outputs of the network, not {odd[0]}; "
                         f"write the number of each class")
    return given


def _tell(outcome: Outcome, name: str, sim: str) -> None:
    count = len(outcome.answers)
    first = ", in parts" if outcome.golden[0].parts else ""
    show(f"{name}: layers by the model of time, first input{first}", ("layer", "level", "passes", "kc", "cycles", "use"),
         [(row["name"], *("-" if row[key] is None else row[key] for key in ("level", "passes", "kc")), f"{row['cycles']:,}",
           f"{100 * row['use']:.1f} %")
          for row in outcome.layers()])
    what = f"means of the first {outcome.timed}" if outcome.timed > 1 else "first input"
    if some := sum(run.parts > 0 for run in outcome.golden[:max(1, outcome.timed)]):
        what += f", {some} of them in parts" if outcome.timed > 1 else ", in parts"
    show(f"{name} in {sim}, all layers, {what}", ("counter", "machine", "model", "share of slots"), outcome.causes())
    image = outcome.image
    for number, values in enumerate(outcome.answer[:VECTORS]):
        flat = values.ravel() * image.output_scale
        more = f" ... ({flat.size} in all)" if flat.size > VALUES else ""
        print(f"outputs of input {number}: " + " ".join(f"{value:.6g}" for value in flat[:VALUES].tolist()) + more)
    if image.output.shape[0] > 1 and image.output.shape[1:] == (1, 1):
        shown = " ".join(map(str, outcome.predictions[:SHOWN].tolist()))
        print(f"predictions: {shown}" + (f" ... ({count} in all)" if count > SHOWN else ""))
    if outcome.in_parts:
        number, result = outcome.in_parts[0]
        print(f"inputs that ran in parts, since their activations did not fit: {len(outcome.in_parts)} of {count}; the first "
              f"is input {number}: layer {result.overflow['layer']}, PE {result.overflow['pe']}, then {result.parts} parts in "
              f"{result.counters['cycles']:,} cycles, after {result.lost:,} cycles that were given up")
    if outcome.accuracy is not None:
        print(f"accuracy: {100 * outcome.accuracy:.2f} % ({outcome.right} of {count})")
    print(f"values compared with golden: {outcome.outputs.size}, different: {len(outcome.differing)}; counters compared: "
          f"{outcome.counted} within {100 * TOLERANCE:g} %, different: {len(outcome.counter_faults)}")
