"""The till: money in and out through Stripe, and what the books say of it.

Stripe is where money moves, the ledger is what we believe. Every write to Stripe stands in
`stripe_operation` before it is sent, under a key of our own; every event from Stripe is stored once
and answered at once, and acted on later by fetching the object it speaks of. The only door to the
`stripe` package is `stripe_gateway`. Imports the ledger, the catalog and the kernel, not `web`.
"""
