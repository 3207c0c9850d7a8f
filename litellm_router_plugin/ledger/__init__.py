"""Calls in, cost, savings and summaries out."""
