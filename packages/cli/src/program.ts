import { type Application, buildApplication, buildRouteMap } from '@stricli/core';
import type { Context } from './context.js';
import { abi } from './routes/abi.js';
import { capture } from './routes/capture.js';
import { check } from './routes/check.js';
import { completion } from './routes/completion.js';
import { convert } from './routes/convert.js';
import { diff } from './routes/diff.js';
import { explain } from './routes/explain.js';
import { exportGroups } from './routes/export.js';
import { groups } from './routes/groups.js';
import { hotplug } from './routes/hotplug.js';
import { ids } from './routes/ids.js';
import { mount } from './routes/mount.js';
import { p2p } from './routes/p2p.js';
import { policies } from './routes/policies.js';
import { redact } from './routes/redact.js';
import { render } from './routes/render.js';
import { run } from './routes/run.js';
import { stale } from './routes/stale.js';
import { viable } from './routes/viable.js';
import { whatIf } from './routes/what-if.js';
import { whyNone } from './routes/why-none.js';
import { hasColour } from './terminal.js';

/** The `iommu` command. */
export const createApplication = (version: string): Application<Context> =>
  buildApplication(
    buildRouteMap({
      routes: {
        groups,
        check,
        viable,
        explain,
        'why-none': whyNone,
        'what-if': whatIf,
        diff,
        p2p,
        ids,
        stale,
        export: exportGroups,
        render,
        mount,
        hotplug,
        run,
        abi,
        convert,
        capture,
        redact,
        policies,
        completion,
      },
      docs: {
        brief: 'IOMMU groups of a machine that is not at hand',
        fullDescription: `IOMMU groups of a machine that is not at hand: computed from a dump, as the kernel would form them.

  sudo lspci -vvvnn > my.txt     take a dump of a machine, as root: without root the deciding bits are unreadable
  sudo iommu capture             take a whole dump, without serial numbers and the like

  iommu groups my.txt            list its groups
  iommu check my.txt             compare them with those that its kernel formed
  iommu viable my.txt A          tell whether a device can be passed through, and what keeps it from that
  iommu explain my.txt A B       tell why two devices share a group, or do not
  iommu why-none my.txt [A]      tell why there are no groups, or why a device has none
  iommu what-if my.txt CHANGE    what another slot, card, kernel or setting makes of them
  iommu diff before.txt my.txt   what became of groups from one dump to another, and by what
  iommu p2p my.txt A B           where what A sends to B goes, and which port's ACS redirects it
  iommu ids my.txt               names of groups and devices that another card does not change
  iommu stale my.txt             whether ACS bits were changed since the kernel formed its groups
  iommu export my.txt -f svg     draw them; or as table, libvirt XML, inventory, fixture of other tests
  iommu render my.txt --to dir   write the /sys that it would have, for other programs
  iommu run my.txt -- PROGRAM    start a program that finds that machine at /sys

Exit status: 0 fine, 1 differs, not viable or none, 2 wrong usage or unreadable input, 3 cannot be known from this input.`,
      },
    }),
    {
      name: 'iommu',
      versionInfo: { currentVersion: version },
      scanner: { caseStyle: 'allow-kebab-for-camel', allowArgumentEscapeSequence: true },
      documentation: {
        caseStyle: 'convert-camel-to-kebab',
        useAliasInUsageLine: true,
        disableAnsiColor: !hasColour(1),
      },
    },
  );
