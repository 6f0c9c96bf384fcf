"""Formats that can't be misread: 29 Nov 2026, the 24-hour clock, and the time zone."""

DATE_FORMAT = "j M Y"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = "j M Y, H:i T"
SHORT_DATE_FORMAT = "Y-m-d"
SHORT_DATETIME_FORMAT = "Y-m-d H:i"
MONTH_DAY_FORMAT = "j F"
FIRST_DAY_OF_WEEK = 1
# Neither 11/29/2026 nor 29/11/2026: Django adds the ISO formats.
DATE_INPUT_FORMATS: list[str] = []
DATETIME_INPUT_FORMATS: list[str] = []
