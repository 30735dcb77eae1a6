/**
 * The order in which a walk does things. Nothing in the walker waits on a promise: a call's end, or a cancellation, is
 * put here, and everything that follows from it is done at once and in one order, which no engine's microtask queue
 * can change. First what is known spreads to its readers; when that has ended, scopes that can no longer deliver are
 * stopped; only then calls are started. So no call is started that the same event makes useless, and whoever was
 * blocked by a failure is told so before its siblings are cancelled. Queues, not recursion: long chains need no stack.
 */
type Task = () => void;

export interface Agenda {
  /** Something became known. */
  readonly spread: (task: Task) => void;
  /** A scope can no longer deliver. */
  readonly stop: (task: Task) => void;
  /** A call is ready. */
  readonly start: (task: Task) => void;
  /** Does everything that is due. Re-entrant calls return at once: the one under way does their work. */
  readonly drain: () => void;
}

/**
 * @param findMore called when everything is done; says whether it found more to do
 * @param onCrash gets what a task throws
 */
export function createAgenda(findMore: () => boolean, onCrash: (error: unknown) => void): Agenda {
  const spreading = createQueue();
  const stopping = createQueue();
  const starting = createQueue();
  const next = () => spreading.take() ?? stopping.take() ?? starting.take();
  let draining = false;

  function drain(): void {
    if (draining) return;
    draining = true;
    do {
      try {
        for (let task = next(); task; task = next()) task();
      } catch (error) {
        onCrash(error);
      }
    } while (findMore());
    draining = false;
  }
  return { spread: spreading.add, stop: stopping.add, start: starting.add, drain };
}

/** First in, first out, without moving the rest at each take. */
function createQueue() {
  let tasks: Task[] = [];
  let head = 0;
  return {
    add: (task: Task): void => {
      tasks.push(task);
    },
    take: (): Task | undefined => {
      if (head < tasks.length) return tasks[head++];
      if (head > 0) {
        tasks = [];
        head = 0;
      }
      return undefined;
    },
  };
}
