"""Tests of headgate.gateway."""
