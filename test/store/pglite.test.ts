import { startPglite } from '../support/postgres.ts';
import { describeStore } from './suite.ts';

describeStore('the store on the embedded database', startPglite);
