"""The one error of this room.

Its message is the one OVN gives for the same mistake, word for word, because operators search for it.
"""


class ExpressionError(ValueError):
    """A match or an action that does not follow the language; the message says where and why."""
