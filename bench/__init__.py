"""Measurements against targets and peers: `make bench`. See docs/bench.md."""
