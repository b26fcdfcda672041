"""Recorded prompts through the running gateway: what routing gives up, and what it costs."""
