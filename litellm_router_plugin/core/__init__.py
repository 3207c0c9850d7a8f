"""The pure core: tiers, requests, forecasts, decisions, cascade steps, money. Standard library only, no I/O."""
