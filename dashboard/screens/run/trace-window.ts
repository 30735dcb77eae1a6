/** Of a long trace, the lines that are in view, and always the one that is selected: so that it keeps the focus. */
import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual';
import { type RefObject, useCallback, useRef } from 'react';
import { type Item, withGaps } from './trace-gaps.ts';

interface Windowed {
  readonly box: RefObject<HTMLDivElement | null>;
  /** Lines, and the room of those between them that are not in the page. */
  readonly items: readonly Item[];
  readonly isWindow: boolean;
  /** Brings what is selected into view. */
  readonly show: () => void;
}

/** Up to here all lines are in the page. */
const FEW = 200;
const LINE_PX = 26;
const AHEAD = 15;

export function useTraceWindow(lines: readonly { readonly id: string }[], selected: string): Windowed {
  const box = useRef<HTMLDivElement>(null);
  const isWindow = lines.length > FEW;
  const place = lines.findIndex(({ id }) => id === selected);
  const virtual = useVirtualizer({
    enabled: isWindow,
    count: lines.length,
    getScrollElement: () => box.current,
    estimateSize: () => LINE_PX,
    overscan: AHEAD,
    rangeExtractor: useCallback(
      (range: Parameters<typeof defaultRangeExtractor>[0]) =>
        [...new Set([...defaultRangeExtractor(range), ...(place < 0 ? [] : [place])])].sort((a, b) => a - b),
      [place],
    ),
  });
  const items = isWindow
    ? withGaps(virtual.getVirtualItems(), virtual.getTotalSize())
    : lines.map((_, index) => ({ index }));
  const show = () => {
    if (isWindow && place >= 0) virtual.scrollToIndex(place);
  };
  return { box, items, isWindow, show };
}
