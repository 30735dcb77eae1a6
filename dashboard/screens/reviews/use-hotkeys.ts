/** Listens for keys of the reviewing page, before the item is painted: a key that is pressed at once reaches that item. */
import { useLayoutEffect, useRef } from 'react';
import { type Deed, deedOf, placeOf, type Standing } from './hotkeys.ts';

interface Listening {
  readonly isOn: boolean;
  readonly standing: Standing;
  readonly onDeed: (deed: Deed) => void;
}

export function useHotkeys(listening: Listening): void {
  // As it was drawn last: the listener itself is there once.
  const now = useRef(listening);
  useLayoutEffect(() => {
    now.current = listening;
  });
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const { isOn, standing, onDeed } = now.current;
      const target = event.target as HTMLElement;
      // A dialog has keys of its own.
      if (event.defaultPrevented || document.querySelector('dialog[open]') !== null) return;
      const on = target.isContentEditable ? 'text' : placeOf(target as HTMLElement & { readonly type?: unknown });
      if (event.key === 'Escape' && on === 'text') return target.blur();
      const press = {
        ...{ key: event.key, hasAlt: event.altKey, isRepeat: event.repeat, on },
        hasCommand: event.ctrlKey || event.metaKey,
      };
      const deed = deedOf(press, standing);
      // Turned off, what has Ctrl stays: nobody presses that by talking.
      if (deed === undefined || (!isOn && !press.hasCommand)) return;
      // A digit that leads to a number is typed there.
      if (deed.does !== 'go' || !/^[\d.-]$/.test(event.key)) event.preventDefault();
      onDeed(deed);
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}
