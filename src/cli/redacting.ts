/** The rules of this process, for what is made of runs that may be older than the rules. */
import type { Redaction } from '../redaction/redaction.ts';
import type { Session } from './session.ts';

/** @throws SluiceError `config_invalid` */
export async function redactionOf({ environment }: Pick<Session, 'environment'>): Promise<Redaction> {
  const [{ readConfig }, { createRedaction }] = await Promise.all([
    import('../config/config.ts'),
    import('../redaction/redaction.ts'),
  ]);
  return createRedaction(readConfig(environment).redaction);
}
