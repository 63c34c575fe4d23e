import { describe, expect, test } from 'vitest';
import { BACKINGS, type Described, groupOfEach, runInView, runProgram, usualMachine } from '../support/clients.js';
import { needsNamespaces, needsProgram } from '../support/needs.js';
import { renderedFolder } from '../support/rendered.js';

const WORDS = ['lstopo-no-graphics', '--of', 'xml', '--whole-io', '-'];

/** Functions in the XML of hwloc: bridges by the bus number below them too, which is another attribute. */
const functionsIn = (xml: string): string[] =>
  [...xml.matchAll(/ pci_busid="([^"]+)"/g)].map(([, name = '']) => name).sort();

const expectFunctions = (xml: string, machine: Described): void => {
  expect(functionsIn(xml)).toEqual(Object.keys(groupOfEach(machine)).sort());
};

describe('lstopo shows every function', () => {
  test('of a folder', async (context) => {
    needsProgram(context, 'lstopo-no-graphics');
    const machine = await usualMachine();
    expectFunctions(runProgram(WORDS, { HWLOC_FSROOT: renderedFolder(machine) }).stdout, machine);
  });

  test.for(BACKINGS)('of a %s view, with the processors of this machine', async ([, flags], context) => {
    needsNamespaces(context);
    needsProgram(context, 'lstopo-no-graphics');
    const machine = await usualMachine();
    const { stdout } = runInView(machine, WORDS, flags);
    expectFunctions(stdout, machine);
    expect(stdout.match(/<object type="PU"/g)).toHaveLength(
      runProgram(WORDS).stdout.match(/<object type="PU"/g)?.length ?? 0,
    );
  });
});
