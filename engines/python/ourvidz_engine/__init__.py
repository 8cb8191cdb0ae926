"""The inference program of one card: SDXL, WAN 2.1 and the prompt enhancer in one process, a thread per lane."""

#: Changes when the same job no longer gives the same pixels.
VERSION = "1"
