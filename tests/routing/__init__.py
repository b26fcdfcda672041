"""Tests of headgate.routing."""
