"""What sessions save and lose on conversations, against switching at will and never switching."""
