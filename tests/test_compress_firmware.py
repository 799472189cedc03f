"""An image as a C header: the packets of the image, read back from the C text, and how bad input is refused."""
import re

import numpy as np
import pytest

from compress import firmware
from compress.actions import ReadRegister, Receive, Send, WriteRegister
from compress.eie import load, save
from compress.eie.stream import image_packets
from compress.mac import Image as MacImage
from compress.mac import save as save_mac
from spec import machines
from spec.framing import packets
from spec.mac import MacSpec
from spec.registers import MapBuilder
from tests.commands import leave
from tests.compress_sample import sample

REGISTERS = MapBuilder("toy").add("rw", "shift", "Shift.").add("w1c", "flags", "Events.", done="Ended.").map()


def table(text, name):
    return [int(word.strip(" \nu"), 0) for word in re.search(rf"{name}\[\d+\] = {{(.*?)}}", text, re.DOTALL)[1].split(",")]


def test_the_words_are_the_packets_of_the_image(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    image = sample()
    save(image, "My-Net.npz")
    left = leave("compress.firmware", "My-Net.npz", "-o", "My-Net.h")
    assert left.code == 0 and not left.faults and "wrote My-Net.h" in left.out
    text = (tmp_path / "My-Net.h").read_text()
    words = table(text, "my_net_load")
    assert f"#define MY_NET_LOAD_WORDS {len(words)}\n" in text
    registers = machines.specification("eie").registers(image.spec)
    kept = [register for register in registers.registers if register.kind == "constant"]
    assert [(word & 0xFF, word >> 8 & 0xFFFFFF, word >> 32) for word in words[:len(kept) + 1]] == [
        *((0, register.offset + 1, register.init) for register in kept), (0, registers["flags"].offset, 0b1111000)]
    sent = [packet for one in image_packets(image) for packet in packets(map(int, one))]
    assert list(packets(words[len(kept) + 1:])) == sent
    order = table(text, "my_net_order")
    outputs = np.arange(len(image.layers[-1].rows))
    assert image.logical(outputs).tolist() == order
    for name, value in (("INPUTS", 10), ("OUTPUTS", 5), ("LAYERS", 3), ("INPUT_SCALE", 1 / 1024), ("INPUT_LOW", -32768),
                        ("INPUT_HIGH", 32767), ("OUTPUT_SCALE", 0.5)):
        assert re.search(rf"#define MY_NET_{name} (.*)", text)[1] == repr(value)
    assert load("My-Net.npz").spec == image.spec


def test_a_machine_without_tables_has_its_words(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_mac(MacImage(spec=MacSpec(), fmt="fp16", b=np.ones((4, 4), np.uint32)), "b.npz")
    assert leave("compress.firmware", "b.npz", "-o", "3d.h").code == 0
    kept = sum(register.kind == "constant" for register in machines.specification("mac").registers(MacSpec()).registers)
    assert len(table((tmp_path / "3d.h").read_text(), "net_3d_load")) == kept + 1


def test_a_register_write_is_a_word_of_type_0():
    def talk():
        yield WriteRegister("shift", {"value": 0xDEADBEEF})
        assert (yield ReadRegister("flags")) == {"done": 0}
        yield Send([0x101, 7])
    assert firmware.script(REGISTERS, talk()) == [0xDEADBEEF << 32, 0x101, 7]


@pytest.mark.parametrize(("action", "complaint"), [
    (Send([0x100, 7]), "type of a packet must not be 0"),
    (Receive(3), "must only write and send in a program's image, not Receive")])
def test_what_a_program_cannot_load_is_refused(action, complaint):
    def talk():
        yield action
    with pytest.raises(ValueError, match=complaint):
        firmware.script(REGISTERS, talk())


@pytest.mark.parametrize("arguments", [
    ["none.npz", "-o", "x.h"], ["bad.npz", "-o", "x.h"], ["bad.npz", "-o", "bad.npz"], ["bad.npz"]])
def test_bad_input_is_one_line_and_leaves_nothing(tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.npz").write_bytes(b"PK no image")
    left = leave("compress.firmware", *arguments)
    assert left.code == 2 and not left.faults and [path.name for path in tmp_path.iterdir()] == ["bad.npz"]
