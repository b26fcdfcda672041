"""The people at the door: parse, call, print."""
