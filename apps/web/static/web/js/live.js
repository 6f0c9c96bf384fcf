// Sets the cookie that says that this browser can show the progress of a lookup.

const secure = location.protocol === "https:" ? "; Secure" : "";
document.cookie = `triage_live=1; SameSite=Lax; path=/; max-age=31536000${secure}`;
