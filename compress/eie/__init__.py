"""What is the EIE array's own on the way from a network to its image: order of rows, encoding, memory, packets, actions."""

from compress.eie.actions import Result, actions, inputs, load_actions, outputs, run_actions
from compress.eie.image import Image, save
from compress.eie.load import load
from compress.eie.tables import tables

__all__ = ["Image", "Result", "actions", "inputs", "load", "load_actions", "outputs", "run_actions", "save", "tables"]
