"""From loop IR to a C syntax tree to text."""
