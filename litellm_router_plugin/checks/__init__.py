"""After the call, locally: is the answer good enough. One check, one file."""
