import { isIommuError } from '@iommu/core';
import type { AbiEntry, AbiProblem } from './abi-entry.js';
import type { AbiDocument } from './documents.js';
import { whatPattern } from './match.js';
import { parseAbi } from './parse-abi.js';

const LEVEL = /^(?:stable|testing|obsolete|removed)\/./;

/** What is wrong with one entry taken alone. */
const messagesOf = (entry: AbiEntry): string[] => {
  const messages: string[] = [];
  if (entry.what.length === 0) messages.push('an empty What');
  if (entry.contact === undefined) messages.push(`${entry.what[0]} has no Contact`);
  for (const what of entry.what) {
    if (!what.startsWith('/sys/')) messages.push(`${what} is no path of sysfs`);
    try {
      whatPattern(what);
    } catch (error) {
      if (!isIommuError(error, 'ERR_ABI')) throw error;
      messages.push(error.message);
    }
  }
  return messages;
};

/**
 * What is wrong with documents: what the kernel's own check warns of (a path that is documented twice, an entry without
 * Description, tags and text out of place), a Contact that is missing, paths that are none of sysfs, unknown variables.
 *
 * @see Linux v7.0 tools/docs/get_abi.py validate
 */
export const checkAbi = (documents: readonly AbiDocument[]): AbiProblem[] => {
  const problems: AbiProblem[] = [];
  const first = new Map<string, AbiEntry>();
  for (const { file, text } of documents) {
    if (!LEVEL.test(file)) problems.push({ file, line: 1, message: 'in no folder of a level' });
    const parsed = parseAbi(text, file);
    problems.push(...parsed.problems);
    for (const entry of parsed.entries) {
      const { line } = entry;
      problems.push(...messagesOf(entry).map((message) => ({ file, line, message })));
      for (const what of entry.what) {
        const other = first.get(what);
        if (other) problems.push({ file, line, message: `${what} is documented in ${other.file}:${other.line} too` });
        else first.set(what, entry);
      }
    }
  }
  return problems;
};
