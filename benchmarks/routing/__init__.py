"""How well the learned router chooses on recorded outcomes, and whether its certificates hold."""
