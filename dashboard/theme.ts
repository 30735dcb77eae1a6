/** Light or dark: as the system has it, or as was chosen here. Charts are told, since they are painted, not styled. */
import { useSyncExternalStore } from 'react';

const KEY = 'sluice-theme';
const CHOICES = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof CHOICES)[number];

const listeners = new Set<() => void>();
const system = matchMedia('(prefers-color-scheme: dark)');
let chosen: Theme = CHOICES.find((choice) => choice === kept()) ?? 'auto';
/** A page may be shown where it may keep nothing. */
function kept(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
/** Counts the changes: what is painted depends on it. */
let version = 0;

function apply(): void {
  if (chosen === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
  version += 1;
  for (const listener of listeners) listener();
}
apply();
system.addEventListener('change', apply);

export function nextTheme(): void {
  chosen = CHOICES[(CHOICES.indexOf(chosen) + 1) % CHOICES.length]!;
  try {
    localStorage.setItem(KEY, chosen);
  } catch {
    // It is chosen until the page is closed.
  }
  apply();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useTheme = (): Theme => useSyncExternalStore(subscribe, () => chosen);
export const useThemeVersion = (): number => useSyncExternalStore(subscribe, () => version);

/** A colour of the style, by the name it has there: `accent`. */
export const colour = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
