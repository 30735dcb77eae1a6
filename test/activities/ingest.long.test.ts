import { describeManyEmptyFiles } from './ingest-setup.ts';

describeManyEmptyFiles(10_000);
