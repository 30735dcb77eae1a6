/** What each act of the tour is given: the stage, the window of whoever shows it, and a camera. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { settled } from '../support/dashboard.ts';
import type { Stage } from './stage.ts';

export interface Visit {
  readonly stage: Stage;
  /** Of somebody who may do everything. */
  readonly page: Page;
  /** Opens a screen and waits until it shows something. */
  open(path: string, page?: Page): Promise<void>;
  /** Keeps what a window shows as `NN-name.png`, numbered in order; `at` is scrolled to the top of it. */
  shoot(name: string, at?: Locator, page?: Page): Promise<void>;
  /** Names of the pictures so far. */
  readonly shots: readonly string[];
}

/** Long enough for charts to have been drawn to their end. */
const STILL_MS = 700;

export async function beginVisit(stage: Stage, page: Page, out: string): Promise<Visit> {
  await mkdir(out, { recursive: true });
  const shots: string[] = [];
  return {
    stage,
    page,
    shots,
    async open(path, window = page) {
      await window.goto(`${stage.url}/ui${path}`);
      await settled(window);
    },
    async shoot(name, at, window = page) {
      await settled(window);
      if (at === undefined) await window.evaluate('window.scrollTo(0, 0)');
      else await at.evaluate((element) => element.scrollIntoView({ block: 'start' }));
      await window.waitForTimeout(STILL_MS);
      const file = `${String(shots.length + 1).padStart(2, '0')}-${name}.png`;
      await window.screenshot({ path: join(out, file) });
      shots.push(file);
    },
  };
}
