"""Pages for people: a calculator to play with, a dashboard to trust; they answer like a gateway."""
