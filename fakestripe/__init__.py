"""A local stand-in for Stripe, so that a fresh machine can take test money.

Speaks the routes, objects and events that Tollfree uses, over HTTP, to the official client. Keeps
everything in memory, imports nothing of ours, and is never a payment processor: every page says
"test money". What it does like Stripe is what money depends on: idempotency, state machines,
balance transactions, signed webhooks that repeat and reorder. `fakestripe.app.build` makes it.
"""
