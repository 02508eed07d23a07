"""The ad network: what may be shown, what is shown, and what became of it.

`catalog` sells, `intent` and `matching` read and find, `decision` chooses, `events` records and
charges, `reports` counts. Knows the SDK's contract and nothing of `api`.
"""
