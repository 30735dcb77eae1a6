/**
 * A strict reader of Prometheus' text format 0.0.4, for tests: each family has its HELP and TYPE before its samples, once,
 * names and labels are as they must be, and no line is there twice.
 */

export interface ReadSample {
  readonly name: string;
  readonly labels: { readonly [label: string]: string };
  readonly value: number;
}

export interface ReadFamily {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly samples: readonly ReadSample[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y;
const SUFFIXES: { readonly [type: string]: readonly string[] } = {
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
};

/** @throws Error with the line that is not as it must be */
export function readExposition(text: string): ReadonlyMap<string, ReadFamily> {
  const families = new Map<string, { name: string; help: string; type: string; samples: ReadSample[] }>();
  const lines = new Set<string>();
  let current: { name: string; help: string; type: string; samples: ReadSample[] } | undefined;
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const refuse = (why: string): never => {
      throw new Error(`${why}: ${line}`);
    };
    const [, what, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (what === 'HELP') {
      if (!NAME.test(name) || families.has(name)) refuse('no name, or one that was there');
      current = { name, help: rest, type: '', samples: [] };
      families.set(name, current);
    } else if (what === 'TYPE') {
      if (current?.name !== name || current.type !== '') refuse('a type without its help');
      if (!['counter', 'gauge', 'histogram', 'summary', 'untyped'].includes(rest)) refuse('no type');
      current!.type = rest;
    } else {
      const sample = sampleOf(line) ?? refuse('no sample');
      const known = (SUFFIXES[current?.type ?? ''] ?? ['']).map((suffix) => `${current?.name}${suffix}`);
      if (!known.includes(sample.name)) refuse('a sample outside its family');
      const key = line.slice(0, line.lastIndexOf(' '));
      if (lines.has(key)) refuse('a sample that was there');
      lines.add(key);
      current!.samples.push(sample);
    }
  }
  return families;
}

function sampleOf(line: string): ReadSample | undefined {
  const [, name, inner = '', number] = LINE.exec(line) ?? [];
  if (name === undefined || number === undefined) return undefined;
  const value = number === '+Inf' ? Number.POSITIVE_INFINITY : Number(number);
  if (Number.isNaN(value)) return undefined;
  const labels: { [label: string]: string } = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < inner.length) {
    const [, label, escaped] = LABEL.exec(inner) ?? [];
    if (label === undefined || escaped === undefined || label in labels) return undefined;
    labels[label] = escaped.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char));
  }
  return { name, labels, value };
}
