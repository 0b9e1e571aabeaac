"""The exercises themselves: words in NN-name.toml, worlds and judges in eNN_name.py."""
