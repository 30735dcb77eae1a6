/** Light or dark: as the system has it, or as the reader chose. Charts take their colours from the style, too. */
import { find } from './dom.ts';

const CHOICES = ['auto', 'light', 'dark'] as const;

/** Colours of the style, by the names it has for them. */
export interface Colours {
  readonly ink: string;
  readonly muted: string;
  readonly line: string;
  readonly surface: string;
  readonly accent: string;
  readonly soft: string;
  readonly grey: string;
  readonly harm: string;
  readonly band: string;
}

export function readColours(): Colours {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: of('ink'),
    muted: of('muted'),
    line: of('line'),
    surface: of('surface'),
    accent: of('accent'),
    soft: of('soft'),
    grey: of('grey'),
    harm: of('harm'),
    band: of('band'),
  };
}

/** Calls back at each change of the colours. */
export function setUpTheme(onChange: () => void): void {
  const button = find<HTMLButtonElement>('#theme');
  let place = 0;
  button.hidden = false;
  button.addEventListener('click', () => {
    place = (place + 1) % CHOICES.length;
    const choice = CHOICES[place]!;
    if (choice === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = choice;
    button.textContent = `Theme: ${choice}`;
    onChange();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', onChange);
}
