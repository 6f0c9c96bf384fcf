"""Who did what, when, from where and why: a trail that only grows, each entry chained."""
