"""From C functions to files: headers, sources, manifest, and writing them to a folder."""
