"""What the MAC tile was compared with, and how large and fast it is on an FPGA."""
