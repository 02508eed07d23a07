"""The shape of a decision id in an address, checked before the database is asked."""

from kernel.ids import id_to_bytes


def is_decision_id(text: str) -> bool:
    """Whether `text` can be the id of a decision: ``dec_`` and 26 characters."""
    try:
        id_to_bytes(text)
    except ValueError:
        return False
    return text.startswith("dec_")
