"""Extracting the marked block of an export."""


def enclosed(text: str, marker: str) -> str:
    """Return the text between the two marked lines. Raises `ValueError` if there are not two."""
    lines = text.split("\n")
    marked = [number for number, line in enumerate(lines) if marker in line]
    if len(marked) != 2:
        raise ValueError("The text does not contain exactly one marked block.")
    return "\n".join(lines[marked[0] + 1 : marked[1]]).strip("\n")
