"""Reading the marked block back out of an export."""


def enclosed(text: str, marker: str) -> str:
    """What stands between the two marked lines; raises `ValueError` unless there are just two."""
    lines = text.split("\n")
    marked = [number for number, line in enumerate(lines) if marker in line]
    if len(marked) != 2:
        raise ValueError("The text does not hold exactly one marked block.")
    return "\n".join(lines[marked[0] + 1 : marked[1]]).strip("\n")
