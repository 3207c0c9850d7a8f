"""Datasets, policies over recorded outcomes, frontiers, reports and plots."""
