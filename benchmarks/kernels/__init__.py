"""The kernels: every module here that defines ``KERNEL``."""
