import type { Device } from './device.js';
import type { Diagnostic } from './diagnostic.js';

/** So many devices are named. */
const NAMED = 4;

interface Contest {
  readonly has: string;
  readonly wants: string;
  readonly devices: Device[];
}

const listed = (devices: readonly Device[]): string => {
  const names = devices.slice(0, NAMED).map(({ name }) => name);
  const rest = devices.length - names.length;
  return rest > 0 ? `${names.join(', ')} and ${rest} more` : names.join(', ');
};

/** Devices that more than one driver would translate: the first in order has them, and that is said. */
export class Contested {
  readonly #contests = new Map<string, Contest>();

  /**
   * @param has - Name of the driver that came first in order.
   * @param wants - Name of one that would translate the device, too.
   */
  note(device: Device, has: string, wants: string): void {
    const key = JSON.stringify([has, wants]);
    const contest = this.#contests.get(key);
    if (contest) contest.devices.push(device);
    else this.#contests.set(key, { has, wants, devices: [device] });
  }

  /** What was noted since the last time, a diagnostic for each pair of drivers. */
  take(): Diagnostic[] {
    const contests = [...this.#contests.values()];
    this.#contests.clear();
    return contests.map(({ has, wants, devices }) => ({
      severity: 'warning',
      code: 'drivers-contest',
      message: `drivers ${has} and ${wants} both answer for ${listed(devices)}; ${has} comes first in order and decides`,
    }));
  }
}
