import { styleText } from 'node:util';
import type { DiagnosticReport } from '@iommu/analysis';
import type { MachineNote } from '@iommu/machine';
import { writeTo } from './output.js';
import { hasColour } from './terminal.js';

const coloured = (colour: 'red' | 'yellow', text: string): string => (hasColour(2) ? styleText(colour, text) : text);

/** A line for the person at the terminal; never on standard output. */
export const say = (line: string): void => writeTo(2, `${line}\n`);

export const sayError = (message: string): void => say(`${coloured('red', 'iommu:')} ${message}`);

/** Notes on what was odd or supposed, one a line. */
export const sayNotes = (notes: readonly (DiagnosticReport | MachineNote)[]): void => {
  for (const { severity, message } of notes) {
    const label = severity === 'assumed' ? 'supposed' : severity;
    say(`${coloured('yellow', `${label}:`)} ${message}`);
  }
};
