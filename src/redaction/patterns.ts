/**
 * What the built-in patterns find, each under the name that rules and placeholders use. A table of our own: of the
 * libraries looked at, one took names and product numbers for secrets and passed over addresses, others need a service.
 * Every quantifier has a bound and no two neighbours can take the same character, so time grows with the text alone.
 */
import {
  type Accept,
  acceptAddress,
  acceptAssigned,
  acceptCard,
  acceptCredentials,
  acceptEmail,
  acceptIban,
  acceptPhone,
  acceptToken,
} from './pattern-checks.ts';

export interface Pattern {
  readonly name: string;
  /** Global. Where it has a group that took part, only the last such group is replaced. */
  readonly expression: RegExp;
  /** Without it there is no match, and asking costs next to nothing. */
  readonly hint?: RegExp;
  readonly accept?: Accept;
}

/** Keys of providers, by the prefixes that they are published with. */
const API_KEYS = [
  String.raw`sk-(?:proj|svcacct|admin|ant|or|lf)-[\w-]{20,300}`, // OpenAI, Anthropic, OpenRouter, Langfuse
  'sk-[A-Za-z0-9]{32,100}',
  'gh[pousr]_[A-Za-z0-9]{36,255}', // GitHub
  String.raw`github_pat_\w{22,255}`,
  String.raw`glpat-[\w-]{20,100}`, // GitLab
  '(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}', // AWS
  String.raw`xox[abeprs]-[\w-]{10,250}`, // Slack
  String.raw`xapp-\d-[\w-]{10,250}`,
  String.raw`AIza[\w-]{35}`, // Google
  String.raw`GOCSPX-[\w-]{20,60}`,
  String.raw`ya29\.[\w-]{20,500}`,
  '[srp]k_(?:live|test)_[A-Za-z0-9]{16,250}', // Stripe
  'whsec_[A-Za-z0-9+/=]{24,100}',
  String.raw`SG\.[\w-]{16,32}\.[\w-]{16,64}`, // SendGrid
  'npm_[A-Za-z0-9]{36}',
  String.raw`pypi-[\w-]{50,250}`,
  'hf_[A-Za-z0-9]{30,60}', // Hugging Face
  'gsk_[A-Za-z0-9]{40,80}', // Groq
  'dop_v1_[0-9a-f]{64}', // DigitalOcean
];

const PHONE = [
  String.raw`\+[1-9](?:[ .\-/()]{0,3}\d){6,16}`, // +49 (0)30 123456
  String.raw`(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[-. ])\d{3}[-.]\d{4}`, // (415) 555-2671
];
const LABELLED_PHONE = String.raw`\b(?:tel(?:efon|ephone)?|phone|mobile?|cell|fax|whatsapp)(?: (?:no|number|nr|is))?[ .:#=]{1,4}(\+?\(?\d(?:[ .\-/()]{0,2}\d){5,14})`;

const HEADER = `-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----`;
const FOOTER = `-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----`;

const LABELS =
  'passw(?:or)?d|passphrase|pwd|(?:api|access|account|private|secret)[ _-]?key|(?:access|auth|refresh|session|id|bearer)[ _-]?token|client[ _-]?secret|secret|token|credential';

/** In the order in which they are applied: what is more telling comes first, as others may find parts of it. */
export const PATTERNS: readonly Pattern[] = Object.freeze([
  {
    name: 'private-key',
    hint: /PRIVATE KEY/,
    // Where the end was cut off, what can belong to the key goes.
    expression: new RegExp(
      String.raw`${HEADER}(?:(?:(?!-----)[\s\S]){0,20000}${FOOTER}|(?:\s{0,4}(?:\\n)?[\w+/=]{16,100}){0,400})`,
      'g',
    ),
  },
  {
    name: 'url-credentials',
    hint: /:\/\//,
    expression: /[a-z][a-z0-9+.-]{0,20}:\/\/([^\s/?#"'<>`]{1,500})(?=@)/gi,
    accept: acceptCredentials,
  },
  { name: 'jwt', hint: /eyJ/, expression: /(?<![\w-])eyJ[\w-]{8,4096}(?:\.[\w-]{4,4096}){2,4}/g },
  {
    name: 'api-key',
    expression: new RegExp(`(?<![A-Za-z0-9])(?:${API_KEYS.join('|')})(?![A-Za-z0-9])`, 'g'),
  },
  {
    name: 'bearer-token',
    hint: /bearer|authorization/i,
    expression: /\b(?:bearer|authorization["']?[ :=]{1,4}["']?(?:basic|token))[ :=]{1,4}["']?([\w~+/.=-]{8,4096})/gi,
    accept: acceptToken,
  },
  {
    name: 'assigned-secret',
    hint: new RegExp(LABELS, 'i'),
    expression: new RegExp(
      String.raw`(?:${LABELS})(?:\\?["'])? {0,5}(?:=>?|:=?) {0,5}(?:\\?"([^"\\\n]{4,500})|\\?'([^'\\\n]{4,500})|([^\s"'<>,;&(){}[\]\\]{6,500}))`,
      'gi',
    ),
    accept: acceptAssigned,
  },
  {
    name: 'email',
    hint: /@|%40/,
    expression:
      /(?<![\p{L}\p{N}._%+-])[\p{L}\p{N}._%+'-]{1,64}(?:@|%40)(?:[\p{L}\p{N}-]{1,63}\.){1,8}\p{L}{2,24}(?![\p{L}\p{N}-])/gu,
    accept: acceptEmail,
  },
  { name: 'iban', expression: /(?<!\w)[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}/gi, accept: acceptIban },
  {
    name: 'credit-card',
    expression:
      /(?<![\w.])(?:\d{4}([ -]?)\d{4}\1\d{4}\1\d{1,4}(?:\1\d{1,3})?|\d{4}[ -]\d{6}[ -]\d{4,5}|\d{13,19})(?!\w)/g,
    accept: acceptCard,
  },
  {
    name: 'us-ssn',
    expression: /(?<![\w-])(?!000|666|9\d\d)\d{3}([- ])(?!00)\d{2}\1(?!0000)\d{4}(?![\w-])/g,
  },
  {
    name: 'phone',
    hint: /\d{3}/,
    expression: new RegExp(String.raw`(?<![\w.+/=-])(?:${PHONE.join('|')})(?!\w)|${LABELLED_PHONE}`, 'gi'),
    accept: acceptPhone,
  },
  {
    name: 'ip',
    expression:
      /(?<![\w.:-])(?:\d{1,3}(?:\.\d{1,3}){3}(?![\w-]|\.\d)|[\da-f]{0,4}(?::[\da-f]{0,4}){2,7}(?:(?<=:)\d{1,3}(?:\.\d{1,3}){3})?(?![\w:]|\.\d))/gi,
    accept: acceptAddress,
  },
]);

/** Keys of an object whose text is a secret, whatever it looks like; of the pattern `assigned-secret`. */
export const SECRET_KEY =
  /(?:passw(?:or)?d|passphrase|api[_-]?key|secret[_-]?key|private[_-]?key|access[_-]?key|access[_-]?token|auth[_-]?token|refresh[_-]?token|client[_-]?secret)$/i;
