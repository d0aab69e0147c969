"""Graph IR -> loop IR: the parts of the way, which `passes.lowering` goes."""
