/**
 * The statement behind keyword search. It gives BM25's own ranking, and yet does not score every passage that holds one
 * of the query's words (MaxScore: Turtle and Flood, "Query evaluation: strategies and optimizations", 1995). Once some
 * passages have been scored in full, the k-th best of them is a score that every hit must reach. The commonest words,
 * all of which together cannot reach it, find no hit by themselves: only passages with one of the rarer words are
 * looked at, and under the common words one after the other, while what is left of them might still be enough.
 *
 * Sums that decide what is left out are rough, and always too high; the scores of what remains are made anew.
 */

/** The usual values: how soon repetition of a word stops to count, and how much length is held against a passage. */
const K1 = '1.2::float8';
const B = '0.75::float8';

/** Postings of the rarest words that are read for passages to score first. */
const SEED_POSTINGS = 5_000;
/** Passages that are scored in full per hit asked for, to know what a hit must reach. */
const SCORED_PER_HIT = 2;

/** Scores are summed as whole numbers of this size: the sum is the same in whatever order. */
const FINE = '1e12::float8';
/** One that keeps what a word adds within four bytes, whose sums are the quickest to make. */
const ROUGH = '1e7::float8';

/** What one word adds to a passage's score. Always less than the word's weight. */
const ADDED = 'weight * frequency / (frequency + fixed + per_word * words)';
const ROUGHLY_ADDED = `ceil(${ROUGH} * ${ADDED})::int`;

/** A word's postings in the snapshot. `end` must fence it: the planner would else read all postings there are. */
const postings = (end: string) => `
    select passage_no, frequency, words from posting
    where index_id = target.index_id and posting.term = weighed.term and from_sequence <= target.sequence
      and passage_no not in (select passage_no from closed)
    ${end}`;

/** The posting of a word in a passage of the snapshot, if there is one. */
const postingIn = (passage: string) => `
    select frequency, words from posting
    where index_id = target.index_id and posting.term = weighed.term and posting.passage_no = ${passage}.passage_no
    offset 0`;

/** The scores of these passages, by all of the query's words. */
const scoresOf = (passages: string) => `
    select query_no, passage_no, sum((${FINE} * ${ADDED})::bigint)::bigint as score
    from target cross join ${passages} as given join weighed using (query_no)
         cross join lateral (${postingIn('given')}) as held
    group by query_no, passage_no`;

/** What so many of these passages reach as are asked for: no hit has less. No row where they are fewer. */
const reachedBy = (passages: string) => `
  select query_no, score / ${FINE} as reached
  from (
    select query_no, score, row_number() over (partition by query_no order by score desc) as place
    from (${scoresOf(passages)}) as scored
  ) as ordered
  where place = $4`;

/** Those of a query's passages that are scored first: the best by `score`. */
const bestBy = (score: string, from: string) => `
  select query_no, passage_no
  from (
    select query_no, passage_no, row_number() over (partition by query_no order by ${score} desc) as place
    from ${from}
  ) as ordered
  where place <= ${SCORED_PER_HIT} * $4::int`;

/** Whether a passage that has `score`, roughly, may reach enough with words that add less than `more` together. */
const mayReach = (score: string, more: string) => `${score} + 1 + ${ROUGH} * ${more} >= ${ROUGH} * reached`;

/** `$1` index, `$2` hash prefix or null, `$3` the queries as words, `$4` hits per query. */
export const KEYWORD_SQL = `
with recursive target as materialized (
  select index_id, sequence, passages::float8 as n, ${K1} * (1 - ${B}) as fixed,
         ${K1} * ${B} * passages / nullif(words, 0) as per_word, min(hash) over () = max(hash) over () as one_hash
  from search_index join snapshot using (index_id)
  where name = $1 and ($2::text is null or starts_with(hash, $2))
  order by sequence desc limit 1
), closed as materialized (
  select passage_no from passage join target using (index_id) where to_sequence <= sequence
), asked as materialized (
  select query_no, term
  from unnest($3::text[]) with ordinality as q (words, query_no),
       unnest(tsvector_to_array(to_tsvector('english', words))) as term
), weighed as materialized (
  -- A query's words, the commonest first: word_no counts from 1, up_to sums the weights from there.
  select query_no, term, weight, row_number() over lightest as word_no, sum(weight) over lightest as up_to,
         sum(df) over (partition by query_no order by weight desc, term desc) - df as postings_of_rarer
  from (
    select query_no, term, df, ln(1 + (n - df + 0.5::float8) / (df + 0.5::float8)) * (${K1} + 1) as weight
    from target cross join asked cross join lateral (
      select sum(passages)::float8 as df from term_count
      where index_id = target.index_id and term_count.term = asked.term and term_count.sequence <= target.sequence
    ) as counted
    where df > 0
  ) as known
  window lightest as (partition by query_no order by weight, term)
), seed as materialized (${bestBy(
  `sum(${ROUGHLY_ADDED})`,
  `target cross join weighed
         cross join lateral (${postings(`limit greatest(0, ${SEED_POSTINGS} - postings_of_rarer)`)}) as held
    where postings_of_rarer < ${SEED_POSTINGS}
    group by query_no, passage_no`,
)}
), seeded as materialized (${reachedBy('seed')}
), split as materialized (
  -- How many of a query's words are common, and what they could add at most.
  select query_no, coalesce(max(word_no) filter (where up_to <= reached), 0) as commons,
         coalesce(max(up_to) filter (where up_to <= reached), 0) as most, coalesce(min(reached), 0) as reached
  from weighed left join seeded using (query_no)
  group by query_no
), possible as materialized (
  select query_no, passage_no, score, commons, most
  from (
    select query_no, passage_no, sum(${ROUGHLY_ADDED}) as score
    from target cross join (weighed join split using (query_no)) cross join lateral (${postings('offset 0')}) as held
    where word_no > commons
    group by query_no, passage_no
  ) as summed join split using (query_no)
  where ${mayReach('score', 'most')}
), likely as materialized (${bestBy('score', 'possible')}
), least as materialized (${reachedBy('likely')}
), walk as (
  -- Possible hits under the first word_no words still to be looked up, the weightiest of them next.
  select query_no, passage_no, score, commons as word_no, coalesce(reached, 0) as reached
  from possible left join least using (query_no)
  where ${mayReach('score', 'most')} or reached is null
  union all
  select query_no, passage_no, score, word_no, reached
  from (
    select query_no, walk.passage_no, score + coalesce(${ROUGHLY_ADDED}, 0) as score, word_no - 1 as word_no, reached,
           up_to - weight as rest
    from target cross join walk join weighed using (query_no, word_no)
         left join lateral (${postingIn('walk')}) as held on true
  ) as looked_up
  where ${mayReach('score', 'rest')}
), hopeful as materialized (
  select query_no, passage_no from walk where word_no = 0
), placed as (
  select query_no, passage_no, score,
         row_number() over (partition by query_no order by score desc, passage_id) as place
  from (select *, rank() over (partition by query_no order by score desc) as tied
        from (${scoresOf('hopeful')}) as scored) as best
  join passage using (passage_no)
  where tied <= $4
)
select $2::text is null or one_hash as clear, query_no::int as "queryNo", passage_id as id, score / ${FINE} as score, text,
       title, url, heading
from target left join (placed join passage using (passage_no)) on place <= $4
order by query_no, place`;
