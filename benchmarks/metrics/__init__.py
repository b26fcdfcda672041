"""What metrics cost: the request's part, and the counting afterwards."""
