"""What routing would cost: a scenario goes in, a breakdown comes out; no I/O of any kind."""
