import { describe, test } from 'vitest';
import { noPostgres, startPostgres } from '../support/postgres.ts';
import { describeStore } from './suite.ts';

if (noPostgres === undefined) describeStore('the store on PostgreSQL', startPostgres);
else describe('the store on PostgreSQL', () => test.skip(noPostgres!, () => undefined));
