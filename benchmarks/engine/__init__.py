"""How fast the cost model is, against its bars, in one run."""
