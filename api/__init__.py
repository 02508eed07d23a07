"""The free LLM API: keys, upstreams, the chat completion and its wire.

    http (raw ASGI) ──► chat (the heart) ──► upstream (relay, demo)
                          └── AdSource (a protocol; the ad server is never imported)

Serves answers. It decides about no ad, counts no money, and keeps no word of a conversation.
"""
