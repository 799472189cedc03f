"""What is the MAC machine's own on the way to its image: B and C of D = A*B + C as patterns, and the talk with the machine."""

from compress.mac.actions import Result, actions, inputs, load_actions, outputs, run_actions
from compress.mac.image import Image, load, save

__all__ = ["Image", "Result", "actions", "inputs", "load", "load_actions", "outputs", "run_actions", "save"]
