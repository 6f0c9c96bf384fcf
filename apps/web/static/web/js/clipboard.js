// Writes a text, or a promise of one, to the clipboard. Safari requires that the write begins
// within the click.

export async function write(text) {
  if (typeof text === "string") return navigator.clipboard.writeText(text);
  if (!window.ClipboardItem || !navigator.clipboard.write) {
    return navigator.clipboard.writeText(await text);
  }
  const blob = Promise.resolve(text).then((loaded) => new Blob([loaded], { type: "text/plain" }));
  return navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
}
