"""The workshop: from graded traffic to a router that is measured and certified."""
