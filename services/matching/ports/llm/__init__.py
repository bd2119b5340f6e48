"""Language models behind one port, and what they may cost."""
