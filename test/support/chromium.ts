/**
 * A browser for pages, where the machine has one: no package downloads it. `SLUICE_TEST_CHROMIUM` names it, or else the
 * usual places are looked at. Whoever goes without says so.
 */
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const USUAL = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
];

const executable = [process.env.SLUICE_TEST_CHROMIUM, ...USUAL].find((path) => path && existsSync(path));

/** Why there is no browser; undefined where there is one. */
export const noChromium =
  executable === undefined ? 'there is no Chromium: install it, or name it in SLUICE_TEST_CHROMIUM' : undefined;

/** Without the connections that a browser makes for itself. */
export function startChromium(): Promise<Browser> {
  if (executable === undefined) throw new Error(noChromium);
  const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];
  return chromium.launch({
    executablePath: executable,
    args: [...args, '--disable-component-update', '--disable-sync'],
  });
}
