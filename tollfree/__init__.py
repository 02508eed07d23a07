"""The composition root and the command line.

The one place that builds real things (engine, clients, clock, keys, models) and gives them to what
needs them. Nothing imports this package; it may import everything.
"""
