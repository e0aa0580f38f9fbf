"""Where music lies: files of a corpus, here or elsewhere, and what is kept of them."""
