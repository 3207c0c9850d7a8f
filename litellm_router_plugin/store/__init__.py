"""Decisions, calls and ratings in a database, written off the request path."""
