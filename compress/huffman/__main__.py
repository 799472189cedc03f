"""Code an image for storage, or turn it back: `python -m compress.huffman net.npz -o net.nzc`."""

from pathlib import Path
from typing import Annotated

import typer

from cli import command, paths
from cli.table import show
from compress.eie.image import save as save_image
from compress.eie.load import load as load_image
from compress.huffman import array
from compress.huffman.file import Account, read, restored, save
from compress.image import design_of
from compress.scnn import image as scnn

app = command.application("Huffman-code an image for an EIE or SCNN array into a .nzc file, or turn such a file back.")


@app.command(epilog="For example: python -m compress.huffman net.npz -o net.nzc")
def code(
    file: Annotated[Path, typer.Argument(help="An image .npz, or a coded one, .nzc.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The other of the two to write.")],
    json: Annotated[Path | None, typer.Option(help="Write the bits by what they are for to this file.")] = None,
) -> None:
    """Code an image, or turn a coded one back; nothing is lost but the float network that an image may hold for reference."""
    paths.check(inputs={"file": file}, outputs={"--out": out, "--json": json})
    if {file.suffix, out.suffix} != {".npz", ".nzc"}:
        raise ValueError(f"files must be one .npz and one .nzc, not {file.name} and {out.name}; name them so")
    if file.suffix == ".nzc":
        with command.progress(f"decoding {file}"):
            _decode(file, out)
        print(f"wrote {out}: {out.stat().st_size:,} bytes")
        return
    if (machine := design_of(file)) not in ("eie", "scnn"):
        raise ValueError(f"machine of {file} must be eie or scnn, not {machine}; only their images are coded")
    with command.progress(f"coding {file}"):
        account, weights, whole = _eie(file, out) if machine == "eie" else _scnn(file, out)
    show("", ["part", "bits", "bits per weight"], [
        [name, f"{count:,}", f"{count / max(weights, 1):.2f}"] for name, count in account.bits.items()])
    print(f"wrote {out}: {out.stat().st_size:,} bytes for {weights:,} weights; {whole}")
    if json:
        command.write_report(json, {"bits": account.bits, "layers": account.layers, "total": account.total, "weights": weights})
        print(f"wrote {json}")


def _decode(file: Path, out: Path) -> None:
    data = read(file)
    if data[:4] == array.MAGIC:
        scnn.save(array.restored(data, file), out)
    else:
        save_image(restored(data, file), out)


def _eie(file: Path, out: Path) -> tuple[Account, int, str]:
    image = load_image(file)
    account = save(image, out)
    sizes = [image.layers[0].inputs, *(layer.outputs for layer in image.layers)]
    cells = sum(inputs * outputs for inputs, outputs in zip(sizes, sizes[1:], strict=False))
    return account, sum(layer.nonzeros for layer in image.layers), (
        f"as 32-bit floats {4 * cells:,} bytes, {32 * cells / account.total:.1f} times as many")


def _scnn(file: Path, out: Path) -> tuple[Account, int, str]:
    account = array.save(scnn.load(file), out)
    return account, sum(layer["weights"] for layer in account.layers), (
        f"the image has {file.stat().st_size:,} bytes, {8 * file.stat().st_size / account.total:.1f} times as many")


if __name__ == "__main__":
    command.main(app)
