"""The runnable product: command line, settings, supervisor, gateway, worker, demo world."""
