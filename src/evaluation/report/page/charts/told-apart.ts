/** Labels in the room of an axis. */

/** A label whose beginning is another's, too, is cut in its middle: what tells them apart is most often at the end. */
export function toldApart(label: string, labels: readonly string[], letters: number): string {
  if (label.length <= letters) return label;
  const begins = label.slice(0, letters - 1);
  if (labels.every((other) => other === label || !other.startsWith(begins))) return label;
  const first = Math.floor((letters - 1) / 3);
  return `${label.slice(0, first)}…${label.slice(first + 1 - letters)}`;
}
