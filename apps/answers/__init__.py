"""What is made of a result: whether a known error helped, drafts, handing over."""
