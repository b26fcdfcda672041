"""Where requests come in: the server side, the upstream side, and the driver between them."""
