/**
 * A comparison as one HTML file that needs nothing else: no request leaves it, and its policy allows none. It is the
 * dashboard's screen with the comparison in it; where scripts do not run, it shows the Markdown report.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { once } from '../../base/once.ts';
import { builtFolder } from '../../dashboard/built-folder.ts';
import type { ReportData } from './data.ts';
import { titleOf } from './facts.ts';
import { renderMarkdown } from './markdown.ts';
import { comparisonOf } from './page-data.ts';

export async function renderHtml(data: ReportData): Promise<string> {
  const { script, style } = await pageAssets();
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policyOf(script, style)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(titleOf(data.report))}</title>
<style>${style}</style>
</head>
<body>
<div id="root"></div>
<noscript><pre>${escapeHtml(renderMarkdown(data))}</pre></noscript>
<script type="application/json" id="comparison">${scriptJson(comparisonOf(data))}</script>
<script>${script}</script>
</body>
</html>
`;
}

/** The script and the style of the page. Read once per process. */
export const pageAssets = once(async () => {
  const folder = await builtFolder('report');
  const [script, style] = await Promise.all(
    ['report.js', 'report.css'].map((file) => readFile(join(folder, file), 'utf8')),
  );
  // HTML ends a script at its closing tag, even within a string; a comment could hide it.
  return { script: script!.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--'), style: style! };
});

/** Nothing but this script and this style; no address at all. */
const policyOf = (script: string, style: string): string =>
  `default-src 'none'; script-src '${hashOf(script)}'; style-src '${hashOf(style)}'; base-uri 'none'; form-action 'none'`;

const hashOf = (text: string): string => `sha256-${createHash('sha256').update(text).digest('base64')}`;

const ENTITIES: { readonly [sign: string]: string } = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escapeHtml = (text: string): string => text.replace(/[&<>"]/g, (sign) => ENTITIES[sign]!);

/** JSON in which no tag can be opened or closed: it stands in a script element. */
const scriptJson = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c');

/** A comparison as JSON, for programs: the report and its gate as they are. */
export const renderJson = ({ report, gate, evaluations, leaderboard, madeAt }: ReportData): string =>
  `${JSON.stringify({ report, gate, evaluations, leaderboard, madeAt }, null, 2)}\n`;
