"""Where advertisers see and steer what they pay for.

Server-rendered pages over the catalog, the reports and the ledger; it decides nothing itself and
keeps no tables. What belongs to every portal (sign-in, layout, form protection) comes from `web`.
"""
