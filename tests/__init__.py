"""The specification, as tests: one file for each module, and a few for what no single module can promise."""
