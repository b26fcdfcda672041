"""How fast `headgate sample` reads, and how much memory it takes."""
