/** The page's script: reads what the page carries, draws the charts, and makes the examples something to look through. */
import { effectsOption } from './charts/effects.ts';
import { type LiveChart, placeChart } from './charts/engine.ts';
import { meansOption } from './charts/means.ts';
import { heightOf } from './charts/row-axes.ts';
import { find } from './dom.ts';
import { placeExamples } from './examples/section.ts';
import { placeProfile } from './profile.ts';
import { type Page, readPage } from './read-data.ts';
import { setUpTheme } from './theme.ts';
import { createStore, type Store } from './view.ts';

async function main(): Promise<void> {
  const page = await readPage(find('#data').textContent);
  // The first primary, as metrics are ordered so.
  const store = createStore({ metric: 0, side: 1 });
  const charts: (Pick<LiveChart, 'redraw' | 'draw'> | null)[] = rowCharts(page);
  charts.push(placeProfile(page, store));
  if (page.metrics.length > 0) charts.push(placeExamples(find('[data-examples]'), page, store));
  setUpTheme(() => {
    for (const chart of charts) chart?.redraw();
  });
  addEventListener('beforeprint', () => {
    for (const chart of charts) chart?.draw();
  });
  followLooks(page, store);
  // For whoever waits for it; since the page began to load.
  document.documentElement.dataset.readyMs = performance.now().toFixed(0);
  document.documentElement.dataset.state = 'ready';
}

function rowCharts(page: Page): LiveChart[] {
  return [...document.querySelectorAll<HTMLElement>('[data-chart="means"], [data-chart="effects"]')].map((place) => {
    const metric = page.metrics[Number(place.dataset.metric)]!;
    const isMeans = place.dataset.chart === 'means';
    return placeChart(place, {
      height: heightOf(page.sides.length),
      label: `${isMeans ? 'Means' : 'Differences from the baseline'} of ${metric.name}; the table below has the same values`,
      option: (frame) => (isMeans ? meansOption : effectsOption)(metric, page.sides, frame),
    });
  });
}

/** Links to the examples say which they are about. */
function followLooks(page: Page, store: Store): void {
  document.addEventListener('click', (event) => {
    const link = (event.target as HTMLElement).closest<HTMLElement>('a[data-look]');
    if (link === null) return;
    const { metric, side, tag } = link.dataset;
    const place = tag === undefined ? -1 : page.tags.indexOf(tag);
    store.set({
      metric: Number(metric),
      side: Number(side),
      filter: { outcome: 'all', text: '', tag: place < 0 ? null : place, box: null },
    });
  });
}

main().catch((error: unknown) => {
  const trouble = find('#trouble');
  trouble.hidden = false;
  trouble.textContent = `The charts and examples could not be shown: ${error instanceof Error ? error.message : String(error)}`;
  document.documentElement.dataset.state = 'failed';
});
