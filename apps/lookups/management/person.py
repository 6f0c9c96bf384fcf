"""Who stands behind a command line."""

import os
import pwd


def system_user() -> str:
    """Who the operating system says it is; the environment could name anybody."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name[:100]
    except KeyError:
        return f"uid {os.getuid()}"
