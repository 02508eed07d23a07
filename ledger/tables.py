"""The tables of this package; placeholder until its owner writes them."""
