"""What is the SCNN array's own on the way from a network to its image: arrangement, blocks, programs, stream of weights."""

from compress.scnn.actions import Result, actions, inputs, load_actions, outputs, run_actions
from compress.scnn.image import Image, load, save
from compress.scnn.tables import left_out, tables

__all__ = ["Image", "Result", "actions", "inputs", "left_out", "load", "load_actions", "outputs", "run_actions", "save",
           "tables"]
