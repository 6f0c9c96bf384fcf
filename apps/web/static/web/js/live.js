// Sets the cookie that says that this browser can show the progress of a lookup.

const path = new URL(import.meta.url).pathname.split("/static/")[0] || "/";
const secure = location.protocol === "https:" ? "; Secure" : "";
document.cookie = `triage_live=1; SameSite=Lax; path=${path}; max-age=31536000${secure}`;
