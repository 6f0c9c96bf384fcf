"""Explanations by a language model, where a site has one: off unless it is configured."""
