/** How much of an answer is what it cites: the claims that `validate` looks for, counted. */

import { type Implemented, implement, type StepContext } from '../../boundary/implement.ts';
import { claimsOf, resolveCitations, supportOf, unsupportedText } from '../../extractive/support-by-words.ts';
import type { ConfigOf, InputOf } from '../../index.ts';
import type { Providers } from '../../models/providers.ts';
import { citedDocuments, judgeClaims, notSupported } from '../judge-claims.ts';
import { isLocal } from '../models.ts';
import { scoreGroundedness } from '../scoring-steps.ts';
import { cannotScore } from './cannot-score.ts';

type Asked = InputOf<typeof scoreGroundedness>;
type Context = StepContext<ConfigOf<typeof scoreGroundedness>>;

interface Counted {
  readonly claims: number;
  /** What is wrong with those that are not supported, one text each. */
  readonly unsupported: readonly string[];
}

/** Claims named in the reason, at most. */
const MAX_NAMED = 8;

export function createScoreGroundedness(providers: Providers): Implemented {
  return implement(scoreGroundedness, async (asked, context) => {
    if (asked.answered === false) throw cannotScore('not_answered');
    if (asked.answer.trim() === '') throw cannotScore('no_claims');
    const { claims, unsupported } = isLocal(context.config.model)
      ? byWords(asked, context)
      : await byModel(providers, asked, context);
    if (claims === 0) throw cannotScore('no_claims');
    return {
      supported: (claims - unsupported.length) / claims,
      grounded: unsupported.length === 0,
      reason: unsupported.slice(0, MAX_NAMED).join('\n'),
    };
  });
}

/** Sentences without a word that tells anything, such as 'Yes.', are no claims. */
function byWords({ answer, citations, passages }: Asked, { config }: Context): Counted {
  const byNumber = resolveCitations(citations, passages);
  const claims = claimsOf(answer).filter(({ stems }) => stems.size > 0);
  const unsupported = claims.filter((claim) => supportOf(claim, byNumber) < config.minimumSupport);
  return { claims: claims.length, unsupported: unsupported.map(unsupportedText) };
}

async function byModel(providers: Providers, { question, answer, citations, passages }: Asked, context: Context) {
  const documents = citedDocuments(citations, passages);
  // What rests on nothing needs no judge: as a whole it is one claim.
  if (documents.length === 0) return { claims: 1, unsupported: ['It cites no passage that there is.'] };
  const { claims } = await judgeClaims(providers, { question, answer, documents }, context);
  const unsupported = claims.filter(({ supported }) => !supported);
  return { claims: claims.length, unsupported: unsupported.map(notSupported) };
}
