import { describe, expect, test } from 'vitest';
import type { PciFunction } from '../src/index.js';
import { ACS_ON, conventional, endpoint, pciBridge, pcieToPci, rootPort, unread } from './support/functions.js';
import { at, short, topologyOf } from './support/topology.js';
import { group, reasonFor } from './support/toy-driver.js';

/* Reasons that were found at another device than the one that is grouped. */

/** The DMA of its functions carries the id of function 1 of their slot, too. */
const MARVELL = '1b4b:9230';

describe('a bridge that has no group, and whose requester id is also that of another', () => {
  const behind = (bridge: PciFunction, partner: string, one: PciFunction) =>
    reasonFor(one.address, [bridge, endpoint(partner), one], {}, { uncovered: [bridge.address] });

  test('is listed behind the one that has a group', () => {
    const bridge = pcieToPci('00:1c.0', 1, { id: MARVELL });
    const reason = behind(bridge, '00:1c.1', conventional('01:01.0'));
    expect([reason.rule, reason.standIn?.by]).toEqual(['alias-partner', 'alias']);
    expect(reason.devices.map(({ name }) => short(name))).toEqual(['00:1c.1', '00:1c.0']);
  });

  test('tells what had to be supposed of it', () => {
    const bridge = unread(rootPort('00:1c.0', 1, { id: MARVELL }), 'acs');
    const reason = behind(bridge, '00:1c.1', endpoint('01:00.0'));
    expect([reason.rule, reason.standIn?.by]).toEqual(['alias-partner', 'acs']);
    expect(reason.unknown).toEqual(['ACS capability of 0000:00:1c.0']);
  });
});

test('a bridge on a root bus that puts its id on: what is behind is alone, and nothing more is to be said', () => {
  const functions = [pciBridge('00:1e.0', 1), conventional('01:01.0')];
  expect(reasonFor('01:01.0', functions, {}, { uncovered: ['00:1e.0'] }).text).toBe(
    'DMA of 0000:01:01.0 arrives with a requester id of 0000:00:1e.0: the IOMMU cannot tell them apart. ' +
      'Nothing that has a group shares a requester id with 0000:01:01.0 or can be reached from it past the IOMMU.',
  );
});

describe('partners by their requester ids', () => {
  const PORT = rootPort('00:01.0', 1, { acs: ACS_ON });

  test('need not be of a known kind', () => {
    const functions = [unread(endpoint('00:05.0', { id: MARVELL }), 'express'), endpoint('00:05.1')];
    const reason = reasonFor('00:05.1', functions);
    expect([reason.rule, reason.unknown]).toEqual(['alias-partner', []]);
  });

  test('are told step by step', () => {
    const aliasesOf = ({ devfn }: { readonly devfn: number }) => (devfn > 0 ? [devfn - 1] : []);
    const functions = [PORT, endpoint('01:00.0'), endpoint('01:00.1'), endpoint('01:00.2')];
    expect(reasonFor('01:00.2', functions, {}, { aliasesOf, uncovered: ['01:00.1'] }).text).toBe(
      'The IOMMU cannot tell 0000:01:00.2 and 0000:01:00.0 apart: ' +
        'DMA of 0000:01:00.2 may carry the requester id of 0000:01:00.1 (firmware); ' +
        'DMA of 0000:01:00.1 may carry the requester id of 0000:01:00.0 (firmware).',
    );
  });

  test('are never a function and itself, though its ids are all of its bus', () => {
    const ntb = endpoint('01:00.0', { id: '10b5:87b0', multifunction: true });
    const topology = topologyOf([PORT, ntb, endpoint('01:00.1')]);
    const [first, second] = [at(topology, '01:00.0'), at(topology, '01:00.1')];
    const [reason] = group(topology, { order: [second, first] }).outcomeOf(first).reasons;
    expect(reason?.rule).toBe('alias-partner');
  });
});
