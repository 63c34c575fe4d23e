/*
 * What a program of somebody who uses the packages does, whatever runs it: JSON goes in, JSON comes out. It imports
 * nothing but entries that run anywhere.
 */
import { type Answers, answersTo } from './answers.js';
import { type Conformance, conformance } from './conformance.js';

export interface Consumed {
  /** For each machine. */
  readonly answers: readonly Answers[];
  /** By the driver's name. */
  readonly conformance: Readonly<Record<string, Conformance>>;
}

/** @param machines - Each as the text of its `machine.json`. */
export const consume = (machines: readonly string[]): Consumed => ({
  answers: machines.map(answersTo),
  conformance: conformance(),
});
