"""The ledger: every movement of money, in double entry and whole micros.

Prepaid wallets, spend limits, charges, the shares of publishers. Entries are never changed; what
was wrong is corrected by its inverse. The ledger knows no campaigns and no clicks, only accounts,
limits, keys and references. Nothing else in the house writes its tables.
"""
