"""An oracle for single calls: LiteLLM's `completion_cost` against our charge, differences named."""
