// Tells the server that this browser can follow an answer while it is being asked for.

const secure = location.protocol === "https:" ? "; Secure" : "";
document.cookie = `triage_live=1; SameSite=Lax; path=/; max-age=31536000${secure}`;
