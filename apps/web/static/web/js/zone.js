// Stores the browser's time zone in a cookie, and selects it where no one has chosen one.

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

function choose(select) {
  const options = [...select.options];
  const served = options.find((option) => option.defaultSelected) ?? options[0];
  const isUntouched = select.value === served.value;
  if (!isUntouched || !options.some((option) => option.value === zone)) return;
  select.value = zone;
  document.getElementById(`${select.id}_helptext`)?.remove();
}

if (zone) {
  const path = new URL(import.meta.url).pathname.split("/static/")[0] || "/";
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `triage_zone=${zone}; SameSite=Lax; path=${path}; max-age=31536000${secure}`;
  document.querySelectorAll('select[data-zone="browser"]').forEach(choose);
}
