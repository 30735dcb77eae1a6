/** What is filled in of one item, kept as a draft, and what keys do with it. */

import { type RefObject, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { ReviewItem, ReviewQueue } from '../../../src/model/review-queue.ts';
import { type Draft, type DraftsOf, draftOf, keepDraft } from './drafts.ts';
import { lacksOf, type Question, questionsOf, saidOf, type Written, writtenOf } from './form.ts';
import { useHasKeys } from './help.tsx';
import { activeOf, type Deed, deedOf, placeOf, type Standing } from './hotkeys.ts';
import { focusQuestion, questionAround } from './question-field.tsx';
import type { Reviewing } from './use-reviewing.ts';

interface FillingOf {
  readonly queue: ReviewQueue;
  readonly item: ReviewItem;
  readonly reviewing: Reviewing;
  readonly onExpected: () => void;
  readonly onOpen: (what: 'help' | 'pass') => void;
}

interface Filling {
  readonly questions: readonly Question[];
  readonly draft: Draft;
  readonly lacks: ReadonlyMap<string, string>;
  /** Whether it was to be sent before all was there: only then is it said what is missing. */
  readonly isTried: boolean;
  /** The question that keys fill in. */
  readonly active: string | null;
  readonly hasKeys: boolean;
  readonly form: RefObject<HTMLFormElement | null>;
  readonly note: RefObject<HTMLTextAreaElement | null>;
  readonly fill: (written: Written) => void;
  readonly say: (note: string) => void;
  readonly submit: () => void;
  readonly focus: (element: Element | null) => void;
}

export function useFilling({ queue, item, reviewing, onExpected, onOpen }: FillingOf): Filling {
  const questions = useMemo(() => questionsOf(queue), [queue]);
  const [draft, setDraft] = useDraft({ queue: queue.name, reviewer: reviewing.reviewer }, item);
  const [isTried, setTried] = useState(false);
  const [focused, setFocused] = useState<string | null>(null);
  const form = useRef<HTMLFormElement>(null);
  const note = useRef<HTMLTextAreaElement>(null);
  const hasKeys = useHasKeys();
  const standing = { questions, written: draft.written, focused };
  const lacks = lacksOf(questions, draft.written);
  const fill = (written: Written) => setDraft({ ...draft, written });
  const submit = () => {
    const [first] = lacks.keys();
    if (first === undefined) return reviewing.submit(saidOf(questions, draft.written), draft.note);
    setTried(true);
    focusQuestion(form.current, first);
  };
  const act = (deed: Deed) => {
    switch (deed.does) {
      case 'fill':
        fill({ ...draft.written, [deed.question]: deed.value });
        return focusQuestion(form.current, deed.next ?? deed.question);
      case 'go':
        return focusQuestion(form.current, deed.question);
      case 'note':
        return note.current?.focus();
      case 'expected':
        return onExpected();
      case 'help':
      case 'pass':
        return onOpen(deed.does);
      case 'back':
        return reviewing.mayGoBack ? reviewing.back() : undefined;
      case 'submit':
        return submit();
      default:
        return reviewing.skip();
    }
  };
  useHotkeys({ isOn: hasKeys, standing, onDeed: act });
  return {
    ...{ questions, draft, lacks, isTried, hasKeys, form, note, fill, submit },
    active: activeOf(standing),
    say: (text) => setDraft({ ...draft, note: text }),
    focus: (element) => setFocused(questionAround(element)),
  };
}

/** As it was left here, else as it was sent, else empty; kept with every change. */
function useDraft(of: DraftsOf, item: ReviewItem): readonly [Draft, (draft: Draft) => void] {
  const { place, mine } = item;
  const [draft, setDraft] = useState(
    () => draftOf(sessionStorage, of, place) ?? { written: writtenOf(item), note: mine?.note ?? '' },
  );
  const change = (changed: Draft) => {
    keepDraft(sessionStorage, of, place, changed);
    setDraft(changed);
  };
  return [draft, change];
}

// Listens for the keys of the review page before the item is painted, so that the first key reaches it.

interface Listening {
  readonly isOn: boolean;
  readonly standing: Standing;
  readonly onDeed: (deed: Deed) => void;
}

function useHotkeys(listening: Listening): void {
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
