"""After the call, by a model: grade the answer."""
