"""Every published figure, measured beside its peer in the same run: `python -m bench NAME [--quick]`."""
