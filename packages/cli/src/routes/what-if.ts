import { buildCommand } from '@stricli/core';
import type { WhatIfFlags } from '../commands/what-if.js';
import { type Context, runCommand } from '../context.js';
import { computeFlags, text } from '../flags.js';

export const whatIf = buildCommand<WhatIfFlags, string[], Context>({
  loader: async () =>
    async function (flags, ...words) {
      const { whatIf: run } = await import('../commands/what-if.js');
      await runCommand(this, () => run(words, flags));
    },
  parameters: {
    positional: {
      kind: 'array',
      parameter: {
        brief: 'A dump, as for `groups`; then changes, one after the other',
        parse: String,
        placeholder: 'input change',
      },
    },
    flags: {
      bestSlot: text('Try every port for this card, and rank them', 'device'),
      ...computeFlags,
    },
    aliases: { q: 'quiet' },
  },
  docs: {
    brief: 'Show what a change makes of the groups',
    fullDescription: `Show what a change makes of the groups: before and after, only what is other, with the reasons.

Changes, addresses as they are in the input:
  move DEVICE to PORT          a card goes behind another port, whole
  swap DEVICE with DEVICE      two cards change places
  add CARD to PORT             gpu, nic, nic-vfs, nvme, pci-adapter, switch: drawn by hand
  remove DEVICE                with all that is behind it
  readdress DEVICE to ADDRESS  firmware puts a function elsewhere on its bus
  vfs DEVICE=NUMBER            virtual functions, as by sriov_numvfs
  acs on|off DEVICE            as where firmware offers ACS, or hides it
  kernel VERSION               another release
  config_acs=…, disable_acs_redir=…, iommu=pt, cmdline WORD    on the command line
  acs-override=…, policy NAME  rules in place of the kernel's
  table NAME=BASE64, bypass BUS    what firmware says of IOMMUs

Exit status: 0 no group is other, 1 some are, 2 the change cannot be made, 3 cannot be known from this input.
With --best-slot: 0 some port gives the card a group of its own, bridges aside; 1 none does.`,
    customUsage: [
      { input: 'my.txt move 01:00.0 to 00:1c.4', brief: 'another slot' },
      { input: 'my.txt remove 02:00.0 add nic to 00:1c.0', brief: 'another card' },
      { input: 'my.txt acs-override=downstream', brief: 'would the patch help?' },
      { input: 'my.tar.gz kernel 7.3', brief: 'after an update' },
      { input: 'my.txt --best-slot 01:00.0', brief: 'which slot is best?' },
    ],
  },
});
