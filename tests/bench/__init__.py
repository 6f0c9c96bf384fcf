"""The benchmark, `python -m tests.bench`. No test: it measures, and says what it measured on."""
