"""What is measured of arc_math: errors, bits on other machines, instructions, flash. For tests, and for a page."""
