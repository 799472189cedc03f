"""What the MAC tile has been held against, and how large and fast it is on an FPGA."""
