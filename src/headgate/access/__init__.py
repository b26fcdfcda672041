"""Who may do what: tokens, virtual keys, rates and budgets, decided without clock, file or dice."""
