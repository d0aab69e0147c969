"""What is measured of arc_math: errors, bits on other machines, instructions, flash. Tests and a page are made of it."""
