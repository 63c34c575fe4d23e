/* The lines that docs/live-mount.md shows of the protocol, spoken to a server that has the machine of the text. */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { intelVtd } from '@iommu/driver-intel-vtd';
import { boot } from '@iommu/machine';
import { endpoint, layOut, rootPort } from '@iommu/machine/build';
import { expect, onTestFinished, test } from 'vitest';
import { eventText } from '../../packages/sysfs/src/control/event-text.js';
import { machineCalls } from '../../packages/sysfs/src/control/machine-calls.js';
import { placeOf, readNote } from '../../packages/sysfs/src/control/places.js';
import { ControlServer } from '../../packages/sysfs/src/control/server.js';
import { root } from '../support/command.js';
import { temporaryFolder } from '../support/fake-root.js';
import { codeBlocks } from '../support/markdown.js';

const [block] = codeBlocks(readFileSync(join(root, 'docs/live-mount.md'), 'utf8'));
const shown = block!.text.trimEnd().split('\n');

const id = '8086:15f3';
const ports = [endpoint({ id, driver: 'igc' }), endpoint({ id })].map((card, at) =>
  rootPort({ slot: at + 1, id: '8086:1901', acs: true, driver: 'pcieport' }, [card]),
);
const kernel = { release: '6.12', commandLine: 'intel_iommu=on' };

test('the server answers as the text shows', async () => {
  const running = boot({ schema: 1, kernel, pci: layOut([{ devices: ports }]) }, { drivers: [intelVtd()] });
  running.kernelDrivers.register('vfio-pci');
  running.kernelDrivers.setOverride(running.device('01:00.0'), 'vfio-pci\n');
  const place = placeOf(temporaryFolder(), '/mnt');
  const server = await ControlServer.listen({
    place,
    mount: '/mnt',
    calls: machineCalls(running),
    subscribe: (listener) => running.on((event) => listener(eventText(event))),
    settled: async () => {},
  });
  onTestFinished(() => server.close());
  const socket = connect(place.socket);
  onTestFinished(() => {
    socket.destroy();
  });
  const answers = createInterface(socket)[Symbol.asyncIterator]();

  for (const line of shown) {
    const [, direction, message = ''] = /^([→←]) (\{.*\})$/.exec(line) ?? [];
    expect(direction, line).toBeDefined();
    if (direction === '→') {
      socket.write(`${message.replace('5f…', readNote(place)!.token)}\n`);
      continue;
    }
    // What nobody asks for is heard when it happens.
    if (message.startsWith('{"event":') && running.find('02:00.0')) running.removeDevice(running.device('02:00.0'));
    const answer = ((await answers.next()).value as string).replace(String(process.pid), '4711');
    const isMessage = message.split('…').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
    expect(answer).toMatch(new RegExp(`^${isMessage.join('.*')}$`));
  }
});
