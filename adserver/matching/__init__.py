"""Which creatives are close to an intent: vectors of creatives, the index, its snapshots.

The only door to faiss. Finds, and does not judge: what may be served, and at what price, is
decided elsewhere.
"""
