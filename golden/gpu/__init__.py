"""Golden against a real GPU: its tensor cores by their own instructions, its sparse library."""
