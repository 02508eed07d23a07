"""What happened: decisions, the steps that followed them, and clicks that cost money.

Rows are written once and carry their own price. No text and no vector of a conversation is here.
"""
