"""From a conversation to what it wants: cleaned words first, then vectors.

Owns distilling, screening of a whole conversation and the cache of message vectors. Knows no
creatives, no money and no database; texts and vectors stay in memory.
"""
