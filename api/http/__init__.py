"""The wire: OpenAI's bodies, events and errors, as raw ASGI where speed counts."""
