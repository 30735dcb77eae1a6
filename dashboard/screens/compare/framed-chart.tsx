/** The charts of the report, in the dashboard: they are laid out by their width, which is measured here. */
import type { EChartsType } from 'echarts/core';
import { lazy, Suspense, useCallback, useEffect, useRef, useState } from 'react';
import type { Paint } from '../../parts/chart.tsx';
import { useThemeVersion } from '../../theme.ts';
import type { Frame, Option } from './chart-frame.ts';
import { waitTurn } from './turns.ts';

const Picture = lazy(() => import('./picture.tsx'));

/** What was drawn with the pointer: values across, and up. */
export interface Drawn {
  readonly across: readonly [from: number, to: number];
  readonly up: readonly [from: number, to: number];
}

interface FramedChartProps {
  readonly label: string;
  /** Drawn again whenever it is another function. */
  readonly option: (frame: Frame) => Option;
  readonly height: string;
  /** Told the box that was drawn, or that it was taken away; with it, dragging draws a box. */
  readonly onBox?: (box: Drawn | null) => void;
}

const COLOURS = ['ink', 'muted', 'line', 'surface', 'accent', 'soft', 'grey', 'harm', 'band'] as const;

export function FramedChart({ label, option, height, onBox }: FramedChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType>(undefined);
  const told = useRef(onBox);
  told.current = onBox;
  const [width, setWidth] = useState(0);
  const [isDue, setDue] = useState(false);
  const [isMade, setMade] = useState(false);
  const theme = useThemeVersion();
  const canBox = onBox !== undefined;

  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.round(entry!.contentRect.width)));
    observer.observe(place.current!);
    return () => observer.disconnect();
  }, []);

  useEffect(() => waitTurn(() => setDue(true)), []);

  const framed = useCallback(
    (paint: Paint) => {
      const colours = Object.fromEntries(COLOURS.map((name) => [name, paint(name)])) as unknown as Frame['colours'];
      // Its buttons would stand in the picture: a drag alone draws a box.
      return { ...option({ colours, width }), toolbox: { show: false } };
    },
    [option, width],
  );

  const onReady = useCallback((made: EChartsType) => {
    chart.current = made;
    setMade(true);
    made.on('brushEnd', (event) => told.current?.(boxOf(event as unknown as BrushEvent)));
    return () => {
      setMade(false);
      chart.current = undefined;
    };
  }, []);

  // What is drawn anew has forgotten that dragging draws a box. A finger that drags scrolls the page.
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is drawn anew with each of these
  useEffect(() => {
    if (!canBox || !matchMedia('(pointer: fine)').matches) return;
    const brushOption = { brushType: 'rect', brushMode: 'single' };
    chart.current?.dispatchAction({ type: 'takeGlobalCursor', key: 'brush', brushOption });
  }, [framed, theme, canBox, width, isMade]);

  return (
    <div ref={place} style={{ minHeight: height }}>
      {isDue && width > 0 && (
        <Suspense fallback={null}>
          <Picture label={label} option={framed} height={height} onReady={onReady} />
        </Suspense>
      )}
    </div>
  );
}

interface BrushEvent {
  readonly areas: readonly { readonly coordRange?: readonly [readonly [number, number], readonly [number, number]] }[];
}

function boxOf({ areas: [area] }: BrushEvent): Drawn | null {
  const range = area?.coordRange;
  return range === undefined ? null : { across: [...range[0]], up: [...range[1]] };
}
