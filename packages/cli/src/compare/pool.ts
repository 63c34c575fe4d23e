import { Piscina } from 'piscina';
import type { Task, TaskResult, TaskSettings } from './task.js';

/** So many tasks for each thread are on their way at most: what waits is held in memory. */
const AHEAD = 3;

/**
 * Do tasks on threads.
 *
 * @returns Results in the order of the tasks, as they come.
 */
export async function* runTasks(
  tasks: AsyncIterable<Task>,
  settings: TaskSettings,
  threads: number,
): AsyncGenerator<TaskResult> {
  const pool = new Piscina<{ task: Task; settings: TaskSettings }, TaskResult>({
    filename: new URL('./lazy-worker.js', import.meta.url).href,
    minThreads: 1,
    maxThreads: threads,
    // The main thread waits for input and writes: it needs no part of a core.
    concurrentTasksPerWorker: 1,
  });
  const running: Promise<TaskResult>[] = [];
  try {
    for await (const task of tasks) {
      const transferList = task.kind === 'lines' ? [task.bytes.buffer as ArrayBuffer] : [];
      running.push(pool.run({ task, settings }, { name: 'work', transferList }));
      if (running.length >= threads * AHEAD) yield (await running.shift()) as TaskResult;
    }
    while (running.length > 0) yield (await running.shift()) as TaskResult;
  } finally {
    // Whoever stops early does not wait for the rest.
    for (const rest of running) rest.catch(() => {});
    await pool.destroy();
  }
}
