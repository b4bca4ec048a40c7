"""The fault harness: a whole installation under fire, and a checker that reads only tables and what the
mail server wrote down. `python -m bench.faults` or `make faults SEED=… MINUTES=…`."""
