/** One example, opened: its values on every metric, and what both sides answered, with the words that differ marked. */
import type { ReportedRun } from '../../data.ts';
import { showDifference, showValue } from '../../values.ts';
import { make } from '../dom.ts';
import type { Page } from '../read-data.ts';
import { diffBySide, type Piece } from './diff-by-side.ts';
import { pairsOf } from './pairs.ts';
import { outcomeWord, reasonWords } from './state-words.ts';

export interface Opened {
  readonly side: number;
  /** In the order of the table. */
  readonly shown: readonly number[];
  readonly place: number;
}

/** @param onClose gets the place that was looked at last */
export function createDetail(page: Page, onClose: (place: number) => void) {
  const outputs = new Map(page.outputs.map((each) => [each.example, each.runs]));
  const content = make('div', { class: 'content' });
  const position = make('span', { class: 'quiet' });
  const step = (by: number) => (): void => {
    if (opened !== undefined) open({ ...opened, place: opened.place + by });
  };
  const previous = make('button', { type: 'button', click: step(-1) }, '← Previous');
  const next = make('button', { type: 'button', click: step(1) }, 'Next →');
  const close = make('button', { type: 'button', click: () => dialog.close() }, 'Close');
  const dialog = make(
    'dialog',
    { class: 'detail', 'aria-label': 'Example' },
    make('header', {}, previous, next, position, close),
    content,
  );
  let opened: Opened | undefined;

  dialog.addEventListener('close', () => onClose(opened?.place ?? 0));
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowLeft' && !previous.disabled) step(-1)();
    if (event.key === 'ArrowRight' && !next.disabled) step(1)();
  });

  function open(which: Opened): void {
    opened = which;
    const { shown, place, side } = which;
    const example = shown[place]!;
    position.textContent = `${(place + 1).toLocaleString('en')} of ${shown.length.toLocaleString('en')}`;
    previous.disabled = place === 0;
    next.disabled = place === shown.length - 1;
    const tags = page.tagsOf[example]!.map((tag) => page.tags[tag]!);
    content.replaceChildren(
      make('h3', {}, page.questions[example] || page.ids[example]!),
      make('p', { class: 'quiet' }, [page.ids[example]!, ...tags].join(' · ')),
      valuesTable(page, side, example),
      ...answers(page, side, outputs.get(example)),
    );
    content.scrollTop = 0;
    if (!dialog.open) dialog.showModal();
  }
  return { element: dialog, open };
}

function valuesTable(page: Page, side: number, example: number): HTMLElement {
  const headings = ['metric', page.sides[0]!, page.sides[side]!, 'difference', 'outcome'];
  const rows = page.metrics.map(({ name, format }, metric) => {
    const { first, second, difference, outcome } = pairsOf(page, metric, side);
    const reasons = reasonWords(page, metric, side, example);
    const cells = [
      showValue(first[example]!, format),
      showValue(second[example]!, format),
      showDifference(difference[example]!, format),
    ];
    return make(
      'tr',
      {},
      make('th', { scope: 'row' }, name),
      ...cells.map((cell) => make('td', { class: 'number' }, cell)),
      make('td', {}, [outcomeWord(outcome[example]!), reasons].filter(Boolean).join(' · ')),
    );
  });
  const head = make(
    'tr',
    {},
    ...headings.map((heading, place) =>
      make('th', { scope: 'col', class: place > 0 && place < 4 ? 'number' : '' }, heading),
    ),
  );
  return make('div', { class: 'scrolled' }, make('table', {}, make('thead', {}, head), make('tbody', {}, ...rows)));
}

function answers({ sides }: Page, side: number, runs: readonly ReportedRun[] | undefined): readonly HTMLElement[] {
  if (runs === undefined) {
    return [
      make(
        'p',
        { class: 'quiet' },
        'What was answered to this example is not in this page: only that of the examples that differ most is.',
      ),
    ];
  }
  const of = (which: number): readonly ReportedRun[] => runs.filter((run) => run.side === which);
  const repeats = [...new Set([...of(0), ...of(side)].map(({ repeat }) => repeat))].sort((one, other) => one - other);
  return repeats.map((repeat) => {
    const [first, second] = [of(0), of(side)].map((own) => own.find((run) => run.repeat === repeat));
    const pieces = diffBySide(first?.output ?? '', second?.output ?? '');
    const heading = repeats.length === 1 ? '' : `, repeat ${repeat}`;
    return make(
      'div',
      { class: 'answers' },
      answer(`${sides[0]}${heading}`, first, pieces.first, 'del'),
      answer(`${sides[side]}${heading}`, second, pieces.second, 'ins'),
    );
  });
}

function answer(
  heading: string,
  run: ReportedRun | undefined,
  pieces: readonly Piece[],
  mark: 'del' | 'ins',
): HTMLElement {
  const text = pieces.map(({ text, isOwn }) => (isOwn && text.trim() !== '' ? make(mark, {}, text) : text));
  const remarks =
    run?.remarks.map((remark) => make('p', { class: 'remark' }, make('b', {}, `${remark.scorer}: `), remark.text)) ??
    [];
  return make(
    'section',
    {},
    make('h4', {}, heading, make('span', { class: 'quiet' }, ` ${run?.outcome ?? 'no run'}`)),
    run?.error == null ? null : make('p', { class: 'alarm' }, run.error),
    run === undefined || run.output === ''
      ? make('p', { class: 'quiet' }, 'No output.')
      : make('div', { class: 'output' }, ...text),
    ...remarks,
  );
}
