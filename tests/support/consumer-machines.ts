import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeDmar } from '@iommu/driver-intel-vtd';
import type { Machine } from '@iommu/machine';
import { endpoint, layOut, multifunction, platformDevice, rootPort } from '@iommu/machine/build';
import { machineToJson } from '@iommu/machine/json';
import { root } from './command.js';
import { machineOf, type Recording, recordedMachines } from './recordings.js';
import { strip } from './strip.js';
import { runs, sampleOf } from './sweep.js';

/** A machine that the consumer's program is asked about. */
export interface ConsumerMachine {
  readonly name: string;
  /** Of its description, which does not hold what its kernel said of groups. */
  readonly json: string;
  /** What that was. */
  readonly recording?: Recording;
}

const textOf = (machine: Machine): string => JSON.stringify(machineToJson(machine));

/** Folders of recordings, each of machines under one driver's IOMMUs. */
const CATEGORIES = ['vtd', 'amdvi', 'smmuv3'];

const recorded = async (category: string): Promise<ConsumerMachine[]> =>
  sampleOf(await recordedMachines([category]), runs(8, 2)).map((recording) => ({
    name: recording.name,
    json: textOf(machineOf(strip(recording.tree))),
    recording,
  }));

const authored = (): ConsumerMachine[] =>
  readdirSync(join(root, 'fixtures/authored'))
    .filter((name) => name.endsWith('.json'))
    .map((name) => ({ name: `authored/${name}`, json: readFileSync(join(root, 'fixtures/authored', name), 'utf8') }));

/** What is seldom: a name whose length in bytes is not that in characters. */
const oddName: ConsumerMachine = {
  name: 'a device of an odd name',
  json: textOf({
    schema: 1,
    kernel: { release: '6.12', arch: 'x86_64', commandLine: 'intel_iommu=on' },
    firmware: { acpi: { DMAR: writeDmar({ units: [{ registerBase: 0xfed90000n }] }) } },
    pci: layOut([{ devices: [rootPort({ slot: 1 }, [multifunction(endpoint(), endpoint())])] }]),
    devices: [platformDevice('Gerät, das übersetzt wird')],
  }),
};

/** Every authored machine, and a sample of recorded ones under each driver's IOMMU. */
export const consumerMachines = async (): Promise<readonly ConsumerMachine[]> => {
  const categories = await Promise.all(CATEGORIES.map(recorded));
  return [...categories.flat(), ...authored(), oddName];
};
