/**
 * A comparison as one HTML file that needs nothing else: no request leaves it, and its policy allows none. All words and
 * numbers are in it as they are; charts and examples come from its own script.
 */
import { createHash } from 'node:crypto';
import type { ReportData } from './data.ts';
import { titleOf } from './facts.ts';
import { answerSection } from './html/answer.ts';
import { comparedSection, methodSection } from './html/compared.ts';
import { examplesSection, profileSection } from './html/examples.ts';
import { leaderboardSection } from './html/leaderboard.ts';
import { html, type Markup } from './html/markup.ts';
import { metricsSection } from './html/metrics.ts';
import { slicesSection } from './html/slices.ts';
import { packData } from './pack.ts';
import { type PageAssets, pageAssets } from './page-assets.ts';

export async function renderHtml(data: ReportData): Promise<string> {
  const [assets, packed] = await Promise.all([pageAssets(), packData(data)]);
  const title = titleOf(data.report);
  const sections = [
    answerSection(data),
    metricsSection(data),
    profileSection(data),
    examplesSection(data),
    slicesSection(data),
    leaderboardSection(data.leaderboard),
    comparedSection(data),
    methodSection(data),
  ].filter((section) => section !== null);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policyOf(assets)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
${html`<title>${title}</title>`.markup}
<style>${assets.style}</style>
</head>
<body>
${pageHead(data, title).markup}
<main>
${sections.map(({ markup }) => markup).join('\n')}
</main>
<script type="text/plain" id="data">${packed}</script>
<script>${assets.script}</script>
</body>
</html>
`;
}

/** Nothing but this script and this style; no address at all. */
const policyOf = ({ script, style }: PageAssets): string =>
  `default-src 'none'; script-src '${hashOf(script)}'; style-src '${hashOf(style)}'; base-uri 'none'; form-action 'none'`;

const hashOf = (text: string): string => `sha256-${createHash('sha256').update(text).digest('base64')}`;

const PLACES: readonly (readonly [id: string, name: string])[] = [
  ['answer', 'Answer'],
  ['metrics', 'Metrics'],
  ['profile', 'Profile'],
  ['examples', 'Examples'],
  ['slices', 'Slices'],
  ['leaderboard', 'Leaderboard'],
  ['compared', 'Compared'],
  ['method', 'Method'],
];

function pageHead({ report, leaderboard }: ReportData, title: string): Markup {
  const isThere = (id: string): boolean =>
    (id !== 'slices' || report.slices.length > 0) && (id !== 'leaderboard' || leaderboard !== null);
  const places = PLACES.filter(([id]) => isThere(id));
  return html`<a class="skip" href="#answer">To the answer</a>
<header class="top"><h1>${title}</h1><button type="button" id="theme" hidden>Theme: auto</button></header>
<nav aria-label="Sections"><ul>${places.map(([id, name]) => html`<li><a href="#${id}">${name}</a></li>`)}</ul></nav>`;
}
