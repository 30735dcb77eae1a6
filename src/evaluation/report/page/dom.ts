/** Elements in one expression. Text is always text: nothing here reads HTML. */
type Child = Node | string | null;

interface Properties {
  readonly [name: string]: string | number | boolean | null | EventListener;
}

/** A property that is a function listens to the event of its name; `false` and null are left out. */
export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  properties: Properties = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (typeof value === 'function') element.addEventListener(key, value);
    else if (value === true) element.setAttribute(key, '');
    else if (value !== false && value !== null) element.setAttribute(key, String(value));
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** The one that the page has from the start. */
export function find<Found extends HTMLElement>(selector: string, within: ParentNode = document): Found {
  const found = within.querySelector<Found>(selector);
  if (found === null) throw new Error(`the page has no ${selector}`);
  return found;
}

/** A choice of one, with its label before it. */
export function select(
  label: string,
  choices: readonly string[],
  onChoose: (place: number) => void,
): { readonly element: HTMLElement; choose(place: number): void } {
  const box = make(
    'select',
    { change: () => onChoose(box.selectedIndex) },
    ...choices.map((choice) => make('option', {}, choice)),
  );
  const element = make('label', { class: 'control' }, make('span', {}, label), box);
  return {
    element,
    choose(place) {
      box.selectedIndex = place;
    },
  };
}
