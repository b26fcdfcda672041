"""What spans cost: the request's part, where its provider is told, and if all were made at once."""
