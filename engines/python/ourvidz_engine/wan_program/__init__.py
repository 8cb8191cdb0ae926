"""The seed's own `wan_generate.py` (the official `generate.py` of Wan 2.1), driven as a child process."""
