"""Small networks that PyTorch exported, both ways, with its answers; `write` made them."""
