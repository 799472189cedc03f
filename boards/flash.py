"""Put a bitstream that `boards.build` made into a board.

Example: python -m boards.flash --board ulx3s-85f
"""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from boards import catalogue, loader
from boards.bitstream import SUFFIX
from cli import command

BUILD = "python -m boards.build makes one"


def run(
    board: Annotated[str, typer.Option(help="Board; python -m boards.list shows them.", show_default=False)],
    folder: Annotated[Path | None, typer.Option(help="What boards.build wrote; build/boards/BOARD if not given.")] = None,
    memory: Annotated[bool, typer.Option("--memory", help="Until the next reset only, not into flash.")] = False,
    cable: Annotated[str, typer.Option(help="JTAG adapter, as openFPGALoader names it, for a board without USB.")] = "",
    limit: Annotated[float, typer.Option(help="Seconds after which the loader is ended.", min=1)] = loader.LIMIT,
    json_: Annotated[Path | None, typer.Option("--json", help="Where to write what was done.")] = None,
) -> None:
    """Put a bitstream into a board; success is only what the loader said of itself.

    Example: python -m boards.flash --board ulx3s-85f
    """
    chosen = catalogue.named(board)
    place = folder or Path("build") / "boards" / chosen.name
    figures = built(place, chosen)
    file = place / figures["file"]
    with command.progress(f"{loader.of(chosen).program}: loading {file.name} into {chosen.name}"):
        done = loader.load(chosen, file, flash=not memory, cable=cable, limit=limit)
    print(f"loaded {figures['machine']} into {chosen.name}{' until its next reset' if memory else ''} in {done.seconds:.1f} s: "
          f"{loader._last(done.said)}")
    if json_:
        command.write_report(json_, {"board": chosen.name, "file": str(file), "command": done.command,
                                   "seconds": round(done.seconds, 1), "memory": memory})


def built(place: Path, board: catalogue.Board) -> dict[str, Any]:
    """Return the figures of a bitstream in a folder, or say why there is none for a board."""
    try:
        figures = json.loads((place / "board.json").read_text())
        file, name, machine = place / figures["file"], figures["board"], figures["machine"]
    except FileNotFoundError:
        raise FileNotFoundError(f"--folder must hold a bitstream, and {str(place)!r} has none; {BUILD}") from None
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise ValueError(f"--folder must hold what boards.build wrote, and {str(place / 'board.json')!r} is something else "
                         f"({type(error).__name__}); {BUILD}") from error
    if name != board.name:
        raise ValueError(f"--folder must hold a bitstream for {board.name}, not for {name}; {BUILD}")
    suffix = SUFFIX.get(board.part.family, "")
    if file.suffix != f".{suffix}" or not file.is_file() or file.stat().st_size != figures["bytes"]:
        raise ValueError(f"{file} must be the bitstream of {figures['bytes']:,} bytes that {machine} was built to, and it is "
                         f"not; {BUILD}")
    return figures


def main() -> None:
    """Run the command."""
    app = command.application(__doc__.partition("\n")[0])
    app.command()(run)
    command.main(app)


if __name__ == "__main__":
    main()
