// Puts text on the clipboard, also text that is still on its way: Safari wants the writing to begin
// within the click.

export async function write(text) {
  if (typeof text === "string") return navigator.clipboard.writeText(text);
  if (!window.ClipboardItem || !navigator.clipboard.write) {
    return navigator.clipboard.writeText(await text);
  }
  const blob = Promise.resolve(text).then((known) => new Blob([known], { type: "text/plain" }));
  return navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
}
