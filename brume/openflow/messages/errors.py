"""What can be wrong with OpenFlow words: one exception, a sentence each."""


class OpenFlowError(ValueError):
    """A field, match, action, flow or message that cannot be read or said; the text says which and why."""
