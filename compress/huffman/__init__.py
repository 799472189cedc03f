"""An image coded for storage, exact in both directions: canonical Huffman codes of codebook indices and of gaps."""
