"""What happened: plain data and pure rules, without Django, HTTP or any other I/O."""
