"""How the review writes dates; by the names that Django looks for."""
