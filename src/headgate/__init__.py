"""Headgate: route each LLM request to a cheap or a premium model, and prove what that saves."""

__version__ = "0.1.0"
