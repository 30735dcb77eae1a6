/** What keeps clients of the one embedded session apart, against a PGlite that only remembers what it was sent. */
import type { PGlite } from '@electric-sql/pglite';
import { describe, expect, test } from 'vitest';
import { takingTurns } from '../../src/embedded/pglite-owner.ts';

const message = (letter: string) => Uint8Array.of(letter.charCodeAt(0), 0, 0, 0, 4);
const options = { onRawData: () => undefined };

class Crash extends Error {}

function subject(run: (letter: string) => void = () => undefined) {
  const sent: string[] = [];
  let inTransaction = false;
  let panicked = false;
  const pglite = {
    waitReady: Promise.resolve(),
    isInTransaction: () => inTransaction,
    runExclusive: <T>(work: () => Promise<T>) => work(),
    async execProtocolRawStream(given: Uint8Array) {
      const letter = String.fromCharCode(given[0]!);
      sent.push(letter);
      run(letter);
    },
    async exec(sql: string) {
      sent.push(sql);
      return [];
    },
  } as unknown as PGlite;
  const served = takingTurns(pglite, {
    hasPanicked: () => panicked,
    onCrash: (error) => {
      throw new Crash('crashed', { cause: error });
    },
  });
  return {
    sent,
    served,
    send: (letter: string) => served.execProtocolRawStream(message(letter), options),
    enter: () => {
      inTransaction = true;
    },
    panic: () => {
      panicked = true;
    },
  };
}

describe('clients of the embedded database take turns', () => {
  test('from the first message of a request until its Sync, nobody else is let in', async () => {
    const { served, send } = subject();
    for (const letter of ['P', 'B', 'D', 'E', 'C', 'H']) {
      await send(letter);
      expect(served.isInTransaction()).toBe(true);
      await send('S');
      expect(served.isInTransaction()).toBe(false);
    }
    await send('Q');
    expect(served.isInTransaction()).toBe(false);
  });

  test('nor inside a transaction', async () => {
    const { served, send, enter } = subject();
    enter();
    await send('S');
    expect(served.isInTransaction()).toBe(true);
  });

  test('for a client that is gone amid a request, the request is ended before its transaction', async () => {
    const { served, send, sent } = subject();
    await send('P');
    await served.exec('ROLLBACK');
    expect(sent).toEqual(['P', 'S', 'ROLLBACK']);
    expect(served.isInTransaction()).toBe(false);
    await served.exec('ROLLBACK');
    expect(sent).toEqual(['P', 'S', 'ROLLBACK', 'ROLLBACK']);
  });

  test('a throw, or a panic, is the end', async () => {
    const throwing = subject(() => {
      throw new Error('out of memory');
    });
    await expect(throwing.send('Q')).rejects.toBeInstanceOf(Crash);
    const panicking = subject();
    await panicking.send('Q');
    panicking.panic();
    await expect(panicking.send('Q')).rejects.toBeInstanceOf(Crash);
  });
});
