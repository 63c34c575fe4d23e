import { createReadStream, statSync } from 'node:fs';
import { IommuError } from '@iommu/core';
import { dumpsIn } from '@iommu/host';
import { lineBatches } from './lines.js';
import type { Task } from './task.js';

/** Files of which each line is a machine. */
const IS_LINES = /\.(?:ndjson|jsonl)$/;

async function* linesFrom(path: string | undefined): AsyncGenerator<Task> {
  const stream = path === undefined ? process.stdin : createReadStream(path, { highWaterMark: 256 * 1024 });
  for await (const batch of lineBatches(stream)) yield { kind: 'lines', ...batch };
}

const isFolder = (path: string): boolean => {
  try {
    return statSync(path).isDirectory();
  } catch (cause) {
    throw new IommuError('ERR_HOST_INPUT', `${path}: cannot be read: ${(cause as Error).message}`, { cause });
  }
};

/**
 * All that inputs hold, in their order: a folder's dumps, the lines of `.ndjson` files and of standard input (`-`), and
 * any other file as one dump.
 *
 * @throws IommuError `ERR_HOST_INPUT` when an input or a folder is not there; a dump that cannot be read becomes a
 * record of its own later.
 */
export async function* tasksOf(inputs: readonly string[]): AsyncGenerator<Task> {
  for (const path of inputs) {
    if (path === '-') yield* linesFrom(undefined);
    else if (isFolder(path)) for (const dump of dumpsIn(path)) yield { kind: 'dump', path: dump };
    else if (IS_LINES.test(path)) yield* linesFrom(path);
    else yield { kind: 'dump', path };
  }
}
