"""The scoring function. The engine's hash is taken over the source files of this folder."""
