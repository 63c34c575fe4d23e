import type { RunningMachine } from '@iommu/machine';
import type { SysfsTree, TreeChange } from '../node.js';
import type { Bus } from './bus.js';
import { Changes } from './changes.js';
import { classesKind } from './classes.js';
import { Directories } from './directories.js';
import { Directory, type DirectoryKind, type Part } from './directory.js';
import { firmwareKind } from './firmware.js';
import { allGroups, Members } from './iommu-groups.js';
import { modules } from './modules.js';
import { collection, subdirectory } from './parts.js';
import { placesBelow } from './placed.js';
import { Places } from './places.js';
import type { Sys } from './sys.js';

/** The buses that have a directory. */
const buses = (sys: Sys): Part<Sys> => {
  const names = () => new Set(['pci', 'platform', ...sys.places.devices.map(({ bus }) => bus)]);
  return collection<Sys, Bus>({
    *all() {
      for (const name of names()) yield { name };
    },
    find: (name) => (names().has(name) ? { name } : undefined),
    name: ({ name }) => name,
    node: (bus) => sys.directories.bus(bus),
  });
};

const rootKind = (sys: Sys): DirectoryKind<Sys> => {
  const isThere = () => true;
  const hasGroups = () => sys.kernel.rule('group-link') === undefined;
  const groups = subdirectory<Sys>('iommu_groups', { isThere, parts: [allGroups(sys)] }, hasGroups);
  return {
    isThere,
    mode: 0o555,
    parts: [
      subdirectory('bus', { isThere, parts: [buses(sys)] }),
      subdirectory('class', classesKind(sys)),
      subdirectory('devices', { isThere, parts: [placesBelow(sys)] }),
      subdirectory('firmware', firmwareKind(sys)),
      subdirectory('kernel', { isThere, parts: [groups] }),
      subdirectory('module', { isThere, parts: [modules(sys)] }),
    ],
  };
};

/** What the parts of one tree share. */
class Shared implements Sys {
  readonly running: RunningMachine;
  readonly kernel: Sys['kernel'];
  readonly places: Places;
  readonly members = new Members();
  readonly directories: Directories;

  constructor(running: RunningMachine) {
    this.running = running;
    this.kernel = running.kernel;
    this.places = new Places(running);
    this.directories = new Directories(this);
  }
}

/**
 * The `/sys` of a machine, in the shape that its kernel's release has.
 *
 * Nothing is computed before it is asked for, and everything shows the machine as it is at that moment. A file whose
 * content neither the model nor the description knows is not there. What is written is done on the machine.
 */
export const sysfsOf = (running: RunningMachine): SysfsTree => {
  const sys = new Shared(running);
  const root = new Directory<Sys>(rootKind(sys), sys, '');
  const listeners = new Set<(change: TreeChange) => void>();
  const tell = (change: TreeChange): void => {
    for (const listener of listeners) listener(change);
  };
  // Only for somebody who listens.
  let changes: Changes | undefined;
  running.on((event) => {
    if ('unit' in event) sys.places.forget();
    if (event.type === 'device-added') sys.places.added(event.device);
    if (event.type === 'device-removed') sys.places.removed(event.device);
    if (event.type === 'add-device' || event.type === 'device-left') sys.members.forget(event.group);
    changes?.handle(event);
  });
  return {
    root,
    on(listener) {
      changes ??= new Changes(sys, root, tell);
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) changes = undefined;
      };
    },
  };
};
