"""Before the call: which tier suffices. One kind, one file."""
