/*
 * Tries inputs for one target, one after the other, and says at which it is: whoever watches can tell a hang.
 *
 * Arguments: the target, when to end in milliseconds since 1970, the number of the first try, after how many tries to
 * speak up.
 */
import { inputOf } from './mutate.js';
import { targets } from './targets.js';

const [name, until, start, every] = process.argv.slice(2);

const say = (message: object): Promise<void> =>
  new Promise((resolve) => {
    process.send?.(message, () => resolve());
  });

const target = (await targets()).find((one) => one.name === name);
if (!target) throw new Error(`no target ${name}`);
let tries = Number(start);
for (; Date.now() < Number(until); tries++) {
  if (tries % Number(every) === 0) await say({ tries });
  try {
    await target.run(inputOf(target.seeds, tries));
  } catch (error) {
    await say({ tries, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    process.exit(1);
  }
}
await say({ tries, done: true });
process.exit(0);
