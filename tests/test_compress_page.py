"""The page of an image: its figures are those of the image and of golden, it needs no other file, and a browser shows it."""
import json
import re
import shutil
import subprocess
import zlib

import numpy as np
import pytest
from typer.testing import CliRunner

from compress.build import application
from compress.eie.load import load
from compress.huffman.file import compressed
from compress.page.facts import CAUSES
from compress.page.picture import bars, png, stack
from golden.eie import image as golden_image
from golden.eie import run

RANDOM = np.random.default_rng(9)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    weights = {"a b.weight": RANDOM.normal(size=(40, 30)), "c<i>.weight": RANDOM.normal(size=(5, 40))}
    np.savez(folder / "net.npz", **weights)
    x = RANDOM.normal(size=(20, 30))
    np.save(folder / "x.npy", x)
    np.save(folder / "y.npy", (np.maximum(x @ weights["a b.weight"].T, 0) @ weights["c<i>.weight"].T).argmax(1))
    arguments = [str(folder / "net.npz"), "-o", str(folder / "image.npz"), "--pes", "4", "--density", "0.5", "--data",
                 str(folder / "x.npy"), "--labels", str(folder / "y.npy"), "--report", str(folder / "page.html")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["compress.build", *arguments])
        done = CliRunner().invoke(application(arguments), arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return folder, x


def test_the_figures_are_those_of_image_and_golden(made):
    folder, x = made
    facts = json.loads((folder / "page.figures.json").read_text())
    found = run(golden_image.load(folder / "image.npz"), x[:8].astype(np.float32))
    cycles = np.mean([sum(layer.cycles for layer in vector) for vector in found.counters])
    assert facts["cycles"] == pytest.approx(cycles) and facts["vectors"] == 8
    image = load(folder / "image.npz")
    assert [step["name"] for step in facts["steps"]] == ["float", "pruned", "shared", "integer", "coded (.nzc)"]
    assert facts["steps"][0]["bits"] == 32 * (40 * 30 + 5 * 40 + 45) and facts["steps"][0]["accuracy"] == 1.0
    assert facts["steps"][-1]["bits"] == 8 * len(compressed(image)[0])
    assert sum(layer["share"] for layer in facts["layers"]) == pytest.approx(1)


def test_causes_make_up_the_cycles(made):
    folder, x = made
    for vector in run(golden_image.load(folder / "image.npz"), x[:2].astype(np.float32)).counters:
        for layer in vector:
            assert sum(getattr(layer, name) for name in CAUSES) == pytest.approx(layer.cycles, abs=12)


def test_the_page_stands_alone_and_escapes_names(made):
    text = (made[0] / "page.html").read_text()
    assert "c&lt;i&gt;" in text and "c<i>" not in text
    assert not re.search(r"(src|href)=\"(?!data:)", text) and "<script" not in text
    assert text.count("data:image/png;base64,") == 2 and "--density 0.5" in text


def test_pictures_are_what_they_say():
    data = png(np.array([[0, 128], [255, 7]], np.uint8))
    size = int.from_bytes(data[33:37], "big")
    assert data.startswith(b"\x89PNG") and zlib.decompress(data[41:41 + size]) == bytes([0, 0, 128, 0, 255, 7])
    heights = [float(found) for found in re.findall(r'height="([\d.]+)"/>', bars(np.array([1.0, 2.0, 4.0]), height=40))]
    assert heights == [10, 20, 40]
    drawn = stack({"a": 1, "b": 3}, {"a": "x", "b": "y"}, width=100)
    widths = [float(found) for found in re.findall(r'width="([\d.]+)" height="16" fill', drawn)]
    assert widths == [25, 75]


@pytest.mark.full
def test_a_browser_shows_it(made):
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no chromium on PATH")
    page, shot = made[0] / "page.html", made[0] / "page.png"
    subprocess.run([browser, "--headless", "--no-sandbox", "--disable-gpu", f"--screenshot={shot}", "--window-size=1150,1600",
                    page.as_uri()], check=True, capture_output=True, timeout=120)
    assert shot.stat().st_size > 20_000
    shown = subprocess.run([browser, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", page.as_uri()], check=True,
                           capture_output=True, text=True, timeout=120).stdout
    assert shown.count('class="layer"') == 2 and "Accuracy and size after each step" in shown
