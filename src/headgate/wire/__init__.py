"""The dialects of providers: read, write and translate requests, answers and streams; no I/O."""
