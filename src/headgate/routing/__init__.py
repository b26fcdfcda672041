"""Which tier answers: policies that decide and the exchange that sees one request through."""
