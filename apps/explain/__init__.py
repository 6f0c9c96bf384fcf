"""Explanations of results by a language model; off unless a site configures one."""
