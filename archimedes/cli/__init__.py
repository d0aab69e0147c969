"""The command line, ``arc-codegen``: each command in a file of its own."""
