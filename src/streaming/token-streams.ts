/**
 * The token sink of one process, whichever part it plays: those who start runs listen at its hub, for which a receiver
 * is opened when the first run asks for its tokens; a worker hands pieces to the hub if that is where they belong, and
 * sends them otherwise.
 */

import { once } from '../base/once.ts';
import type { Config } from '../config/config.ts';
import type { SinkAddress } from '../model/run-messages.ts';
import type { TokenOutlet } from '../model/token-piece.ts';
import { createTokenHub, type TokenHub } from './token-hub.ts';
import { readSinkKey } from './token-key.ts';
import { createTokenReceiver, listenForTokens, type TokenListener } from './token-receiver.ts';
import { createTokenSender, type TokenSender } from './token-sender.ts';

export interface TokenStreams {
  readonly hub: TokenHub;
  /** Where workers bring tokens for the hub; listens from the first call on. */
  address(): Promise<SinkAddress>;
  /** What a worker in this process gives pieces to. */
  readonly outlet: TokenOutlet;
  /** Pieces that went to other processes, and those that could not. */
  counts(): ReturnType<TokenSender['counts']>;
  stop(): Promise<void>;
}

export function createTokenStreams({ config, folder }: { readonly config: Config; readonly folder: string }) {
  const hub = createTokenHub();
  const key = once(() => readSinkKey(config, folder));
  const sender = createTokenSender(key, warn);
  let opened: Promise<TokenListener> | undefined;
  const listener = once(async () => {
    opened = key().then((key) => listenForTokens(createTokenReceiver({ hub, key }), config.sink.listen));
    return opened;
  });

  return Object.freeze({
    hub,
    address: async () => Object.freeze({ hub: hub.id, url: config.sink.url ?? (await listener()).url }),
    outlet: (sink, piece) => {
      if (sink.hub === hub.id) hub.publish(piece);
      else sender.send(sink, piece);
    },
    counts: sender.counts,
    async stop() {
      await sender.close();
      await (await opened?.catch(() => undefined))?.close();
    },
  } satisfies TokenStreams);
}

/** Tokens that are lost are seen nowhere else: the answer comes all the same. */
function warn(why: string): void {
  process.emitWarning(`tokens are not taken by ${why}`, {
    type: 'SluiceTokens',
    detail: 'answers are not affected; callers and workers need one SLUICE_SINK_KEY and an address that both reach',
  });
}
