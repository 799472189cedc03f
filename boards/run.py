"""Run an image on a board, or on a virtual one: load it over the serial line, run inputs, read outputs and counters.

Example: python -m boards.run --board virtual net.npz --input x.npy --outputs y.npy
"""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from boards import about, catalogue, selftest
from boards.device import Device, take
from boards.embed import embedded
from boards.port import open_port
from boards.virtual import machine as virtual
from cli import command, paths, table
from files.array import read_vectors
from rtl import machine

SHOWN = 40


def run(
    image: Annotated[Path | None, typer.Argument(help="Image, from python -m compress.build.", show_default=False)] = None,
    *,
    board: Annotated[str, typer.Option(help="Board; python -m boards.list shows them. virtual: one in a simulator.",
                                       show_default=False)],
    input: Annotated[Path | None, typer.Option(
        help="Inputs, .npy: a vector or one in each row; float, uint8 or int16.")] = None,
    outputs: Annotated[Path | None, typer.Option(help="Write the outputs, one in each row, .npy.")] = None,
    first: Annotated[int | None, typer.Option(help="Run only the first N inputs.", min=1)] = None,
    port: Annotated[str, typer.Option(help="Serial port; auto: the one with the board's USB numbers.")] = "auto",
    baud: Annotated[int, typer.Option(help="Rate of the line; the board's own when 0.", min=0)] = 0,
    link: Annotated[str, typer.Option(help="Of the virtual board: serial, or fast for bytes instead of bits.")] = "serial",
    embed: Annotated[bool, typer.Option("--embed", help="Of the virtual board: load nothing, have it.")] = False,
    test: Annotated[bool, typer.Option("--selftest", help="Run the vectors that RTL and netlist ran, and compare.")] = False,
    json: Annotated[Path | None, typer.Option(help="Write the figures to a file.")] = None,
) -> None:
    """Run an image on a board, over its serial line; or on a virtual board, whose top runs in a simulator.

    Example: python -m boards.run --board virtual net.npz --input x.npy --outputs y.npy

    A board that has the image in its bitstream is not loaded again. Exit code 1 says that a self-test failed.
    """
    if image is None:
        raise ValueError("IMAGE must be given, and none is; python -m compress.build makes one")
    if input is None and not test:
        raise ValueError("--input must be given, or --selftest, and neither is; name a .npy file")
    paths.check(inputs={"IMAGE": image, "--input": input}, outputs={"--outputs": outputs, "--json": json})
    values = None if input is None else read_vectors(input, "--input", shape=take(image)[1].input_shape)[:first]
    with _device(board, image, port, baud, link, embed) as device:
        figures = _run(device, image, values, outputs, test)
    figures["board"] = board
    if json is not None:
        command.write_report(json, figures)
    if figures.get("different"):
        raise typer.Exit(1)


def _run(device: Device, image: Path, values: Any, outputs: Path | None, test: bool) -> dict[str, Any]:
    clock = time.monotonic
    design, loaded, _ = take(image)
    figures: dict[str, Any] = {"info": device.info()}
    if test:
        device.fits(loaded, design)
        figures |= selftest.run(device)
        selftest.tell(figures)
    if values is None:
        return figures
    start = clock()
    with command.progress(f"loading {image.name}"):
        sent = device.load(image, force=test)
    load = clock() - start
    results, start = [], clock()
    with command.progress(f"{len(values)} inputs", total=len(values)) as bar:
        for result in device.results(values):
            results.append(result)
            bar.advance()
    seconds = clock() - start
    answers = np.array([device.answer(result) for result in results])
    if outputs is not None:
        with command.atomic(outputs) as draft, draft.open("wb") as file:
            np.save(file, answers)
    _tell(device, answers, results, load if sent else 0.0, seconds)
    statistics = vars(device.link.statistics)
    counters = {name: [result.counters[name] for result in results] for name in results[0].counters}
    return figures | {"inputs": len(values), "in_parts": in_parts(results), "load_seconds": round(load, 3),
                      "run_seconds": round(seconds, 3), "loaded": sent, "link": statistics, "counters": counters}


def in_parts(results: list[Any]) -> list[dict[str, int]]:
    """Return for each input that an SCNN array ran in parts its number, where it did not fit, and what that cost."""
    return [{"input": number, **told} for number, result in enumerate(results) if (told := getattr(result, "in_parts", {}))]


def _tell(device: Device, answers: np.ndarray, results: list[Any], load: float, seconds: float) -> None:
    said, carried = device.about, device.link.statistics
    parts = in_parts(results)
    lost = sum(one["lost_cycles"] for one in parts)
    cycles = float(np.mean([result.counters["cycles"] for result in results])) + lost / len(results)
    table.show(f"{said.name} on {said.board}, {len(results)} inputs", ("what", "figure"), [
        ("cycles per input", f"{cycles:,.1f}"), ("us per input at the board's clock", f"{1e6 * cycles / said.clock_hz:,.2f}"),
        ("load", f"{load:.2f} s" if load else "none: the image is in the bitstream"),
        ("inputs and outputs", f"{seconds:.2f} s"), ("frames sent", carried.frames), ("of these again", carried.repeated),
        ("bytes sent", f"{carried.bytes_out:,}"), ("bytes received", f"{carried.bytes_in:,}")])
    if parts:
        print(f"inputs that ran in parts, since their activations did not fit: {len(parts)} of {len(results)}; the cycles "
              f"include {lost:,} of runs that were given up")
    if answers.ndim == 2 and answers.shape[1] > 1:
        shown = answers.argmax(1)[:SHOWN].tolist()
        rest = f" ... ({len(answers)} in all)" if len(answers) > SHOWN else ""
        print("largest output: " + " ".join(map(str, shown)) + rest)


@contextlib.contextmanager
def _device(board: str, image: Path, port: str, baud: int, link: str, embed: bool) -> Iterator[Device]:
    if board != virtual.VIRTUAL.name:
        if embed or link != "serial":
            raise ValueError("--link and --embed must be of the virtual board, not of a real one; build it with --embed")
        chosen = catalogue.named(board)
        with Device(open_port(port, chosen, baud)) as device:
            if device.about.board != chosen.name:
                raise ValueError(f"--board must be the board on the port, {device.about.board}, not {chosen.name}; name that")
            yield device
        return
    if port != "auto" or baud:
        raise ValueError("--port and --baud must be of a real board, not of the virtual one; leave them out")
    design, spec, boot, digest = embedded(image)
    about.carried(design, spec)
    made = machine.generate(design, spec)
    with virtual.board(made, link=link, boot=boot if embed else b"", image=digest if embed else "") as running, \
            Device(virtual.open_line(running)) as device:
        yield device


def main() -> None:
    """Run the command."""
    app = command.application(__doc__.partition("\n")[0])
    app.command()(run)
    command.main(app)


if __name__ == "__main__":
    main()
