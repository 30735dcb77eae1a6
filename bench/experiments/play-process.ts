/** One of the benchmark's processes: plays what it is sent, one after the other, each seed on a pipeline of its own. */
import { openDatabase } from '../../src/store/database.ts';
import { type Played, play } from './play.ts';
import { SCENARIOS } from './scenarios.ts';

export interface Asked {
  readonly scenario: string;
  readonly seed: number;
}

export interface Told extends Asked {
  readonly played: readonly Played[];
}

const database = openDatabase(process.argv[2]!);

process.on('message', async ({ scenario: name, seed }: Asked) => {
  const scenario = SCENARIOS.find((each) => each.name === name)!;
  const told: Told = { scenario: name, seed, played: await play(database, scenario, seed) };
  process.send!(told);
});
process.on('disconnect', () => void database.close());
