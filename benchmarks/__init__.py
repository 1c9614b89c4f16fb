"""Programs that make the figures in `results/`; each says how to run it."""
