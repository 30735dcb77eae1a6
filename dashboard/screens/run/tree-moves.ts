/** What keys do in a tree: where the selection goes, and what opens or closes. */
import type { Line } from './spans.ts';

interface Standing {
  /** Those that are seen. */
  readonly lines: readonly Line[];
  readonly closed: ReadonlySet<string>;
  readonly selected: string;
}

type Move = { readonly to: string } | { readonly open: boolean };

/** What a key does: the arrows and ends of trees, and Enter to open and close. */
export function moveOf(key: string, { lines, closed, selected }: Standing): Move | undefined {
  const place = lines.findIndex(({ id }) => id === selected);
  const here = lines[place];
  const to = (line: Line | undefined): Move | undefined => line && { to: line.id };
  if (here === undefined) return to(lines[0]);
  const isOpen = here.hasInside && !closed.has(here.id);
  switch (key) {
    case 'ArrowDown':
      return to(lines[place + 1]);
    case 'ArrowUp':
      return to(lines[place - 1]);
    case 'Home':
      return to(lines[0]);
    case 'End':
      return to(lines.at(-1));
    case 'ArrowRight':
      return here.hasInside && !isOpen ? { open: true } : isOpen ? to(lines[place + 1]) : undefined;
    case 'ArrowLeft':
      return isOpen ? { open: false } : to(lines.find(({ id }) => id === here.parent));
    case 'Enter':
    case ' ':
      return here.hasInside ? { open: !isOpen } : undefined;
    default:
      return undefined;
  }
}
