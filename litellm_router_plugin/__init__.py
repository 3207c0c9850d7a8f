"""Cost-aware tier routing for LiteLLM."""
