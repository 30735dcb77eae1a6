/**
 * The worker is killed again and again while it makes an index of real documentation, embeddings included: what comes of
 * it must be what an ingest that nobody disturbs makes of the same pages, to the last vector.
 */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { IngestInput } from '../../../src/model/ingest-messages.ts';
import { atLeast, atMost, exactly, type Figure } from '../figures.ts';
import type { Place } from '../place.ts';
import type { WorkerProcess } from '../processes.ts';
import type { Row } from '../row.ts';
import { type Scene, withScene } from '../scene.ts';
import { compareContents } from '../snapshots.ts';
import { type Stored, type WatchedIngest, watchIngest } from '../watched-ingest.ts';

/** The documentation that the npm package `ai` ships. */
const DOCS = join(process.cwd(), 'node_modules/ai/docs');
/** A kill falls so long after its moment has come, at most. */
const KILL_WITHIN_MS = 100;

export const r24: Row = {
  id: 'R24',
  title: 'ingest of 303 pages, kill -9 five times with batches in flight',
  play: (place) => killIngest(place, { name: 'R24', pages: ALL, reading: 5, fitting: 0, embedding: 0 }),
};

export const r25: Row = {
  id: 'R25',
  title: 'ingest of 303 pages, kill -9 while it fits its embedding, and twice while it embeds',
  play: (place) => killIngest(place, { name: 'R25', pages: ALL, reading: 0, fitting: 1, embedding: 2 }),
};

export const r26: Row = {
  id: 'R26',
  title: 'ingest of 35 pages, kill -9 with batches in flight, and while it fits its embedding',
  play: (place) => killIngest(place, { name: 'R26', pages: SOME, reading: 1, fitting: 1, embedding: 0 }),
};

interface Pages {
  readonly source: string;
  readonly count: number;
  /** The kills while it reads come before so many are stored: the last batches are begun well before the end. */
  readonly killBefore: number;
}

const ALL: Pages = { source: DOCS, count: 303, killBefore: 240 };
const SOME: Pages = { source: join(DOCS, '03-ai-sdk-core'), count: 35, killBefore: 12 };

/** How often it is killed, in each part of the work. */
interface Kills {
  readonly name: string;
  readonly pages: Pages;
  readonly reading: number;
  readonly fitting: number;
  readonly embedding: number;
}

/** When to kill, and by what it is seen afterwards that it was in time. */
interface Moment {
  readonly what: string;
  readonly activity: 'ingestBatch' | 'commitBuild';
  /** How many of them must be in flight: of batches two at a time are, so that one at least still is when the kill comes. */
  readonly atOnce: number;
  readonly come: (stored: Stored) => boolean;
  readonly stillIs: (stored: Stored) => boolean;
}

function killIngest(place: Place, { name, pages, ...kills }: Kills): Promise<readonly Figure[]> {
  return withScene(place, { name }, async (scene) => {
    const index = `killed-${name.toLowerCase()}-${process.pid}`;
    const input: IngestInput = { index, source: pages.source, chunk: 'headings', embed: 'local/lsa' };
    const ingest = watchIngest(scene, input);
    const moments = [
      ...Array.from({ length: kills.reading }, (_, kill) => reading(scene, pages, kill / kills.reading, kills.reading)),
      ...Array.from({ length: kills.fitting }, () => FITTING),
      ...Array.from({ length: kills.embedding }, () => EMBEDDING),
    ];
    const struck: Struck[] = [];
    let worker = await scene.startWorker();
    for (const moment of moments) {
      const spare = scene.spareWorker();
      struck.push(await strike(scene, ingest, worker, moment));
      worker = await spare.begin();
    }
    const { totals } = await ingest.result;
    const calm = watchIngest(scene, { ...input, index: `${index}-calm` });
    await calm.result;
    const [contents, wanted, repeats] = await Promise.all([ingest.contents(), calm.contents(), ingest.repeats()]);
    await Promise.all([ingest.close(), calm.close()]);
    const inFlight = struck.reduce((sum, kill) => sum + kill.inFlight, 0);
    const { twice, missing, unknown, different } = compareContents(contents.passages, wanted.passages);
    return [
      ...struck.map(({ inFlight, what }) => atLeast(`in flight at a kill ${what}`, inFlight, 1)),
      exactly('kills at the moment they were meant for', struck.filter(({ inTime }) => inTime).length, moments.length),
      atMost('activities begun again, of those in flight', repeats, inFlight),
      exactly('documents', totals.documents, pages.count),
      exactly('snapshot as of an undisturbed ingest', Number(contents.hash === wanted.hash), 1),
      exactly('passages', contents.passages.length, wanted.passages.length),
      exactly('passages twice', twice, 0),
      exactly('passages missing', missing, 0),
      exactly('passages that should not be', unknown, 0),
      exactly('passages with another text, place, words or vector', different, 0),
      exactly('passages without words', contents.passages.filter(({ words }) => words === null).length, 0),
      exactly('rows that no snapshot shows', contents.leftovers, 0),
    ];
  });
}

interface Struck {
  readonly what: string;
  /** Activities of the dead worker that the server still waits for. */
  readonly inFlight: number;
  readonly inTime: boolean;
}

/** Waits for the moment, and a little more; kills; and looks what the dead worker has left undone. */
async function strike(scene: Scene, ingest: WatchedIngest, worker: WorkerProcess, moment: Moment): Promise<Struck> {
  const { what, activity, atOnce, come, stillIs } = moment;
  const countOf = (types: readonly string[]) => types.filter((type) => type === activity).length;
  const isNow = (stored: Stored, types: readonly string[]) => countOf(types) >= atOnce && come(stored);
  await ingest.until(what, worker.pid, isNow);
  await delay(scene.random.index(KILL_WITHIN_MS));
  await ingest.until(`${what}, again`, worker.pid, isNow);
  await worker.kill();
  const inFlight = countOf(await ingest.inFlight(worker.pid));
  return { what, inFlight, inTime: stillIs(await ingest.stored()) };
}

/** A random moment in one of as many equal parts of the reading as there are kills. */
function reading({ random }: Scene, { count, killBefore }: Pages, from: number, parts: number): Moment {
  const documents = Math.floor(killBefore * (from + random.uniform() / parts));
  return {
    what: `with ${documents} documents stored`,
    activity: 'ingestBatch',
    atOnce: 2,
    come: (stored) => stored.documents >= documents,
    stillIs: (stored) => stored.documents < count,
  };
}

const FITTING: Moment = {
  what: 'while it fits',
  activity: 'commitBuild',
  atOnce: 1,
  come: ({ isFitted }) => !isFitted,
  stillIs: ({ isFitted }) => !isFitted,
};

const EMBEDDING: Moment = {
  what: 'while it embeds',
  activity: 'commitBuild',
  atOnce: 1,
  come: ({ vectors }) => vectors > 0,
  stillIs: ({ passages, vectors }) => vectors < passages,
};
