"""Tests, one file for every source file; what stands beside them is shared data and fakes."""
