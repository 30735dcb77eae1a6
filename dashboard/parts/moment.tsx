/** A moment, local with its zone; UTC on hover. */
import { isoUtc } from '../../src/base/local-time.ts';
import { DASH, time } from '../format.ts';

export const Moment = ({ at }: { readonly at: number | null | undefined }) =>
  at === null || at === undefined ? (
    DASH
  ) : (
    <time dateTime={isoUtc(at)} title={isoUtc(at)}>
      {time(at)}
    </time>
  );
