/** A moment, local with its zone; UTC on hover. */
import { DASH, isoUtc, showTimeToday } from '../../src/base/format.ts';

export const Moment = ({ at }: { readonly at: number | null | undefined }) =>
  at === null || at === undefined ? (
    DASH
  ) : (
    <time dateTime={isoUtc(at)} title={isoUtc(at)}>
      {showTimeToday(at)}
    </time>
  );
