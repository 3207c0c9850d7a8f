"""The dashboard and the HTTP API. Who calls, and what is read, is handed in; LiteLLM is not imported here."""
