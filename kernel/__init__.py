"""The shared kernel: small things every package needs, and no ad nouns.

A closed list. Adding a file here means editing the contract in pyproject.toml, which is the point.
It imports nothing of ours.
"""
