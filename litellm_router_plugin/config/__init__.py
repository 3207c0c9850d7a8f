"""Configuration as frozen pydantic models: the written form of a tier router."""
