import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BACKINGS, runInView, runProgram, usualMachine } from '../support/clients.js';
import { temporaryFolder } from '../support/fake-root.js';
import { needsNamespaces, needsProgram } from '../support/needs.js';

/** Prints each device's group, found by following the device's own link. */
const SOURCE = `package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	links, err := filepath.Glob("/sys/bus/pci/devices/*")
	if err != nil || len(links) == 0 {
		fmt.Fprintln(os.Stderr, "no devices", err)
		os.Exit(1)
	}
	for _, link := range links {
		group, err := filepath.EvalSymlinks(filepath.Join(link, "iommu_group"))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(filepath.Base(link), filepath.Base(group))
	}
}
`;

const built = (): string => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'groups.go'), SOURCE);
  const program = join(folder, 'groups');
  const environment = {
    CGO_ENABLED: '0',
    GO111MODULE: 'off',
    GOPROXY: 'off',
    GOCACHE: join(folder, 'cache'),
    HOME: folder,
  };
  const { status, stderr } = runProgram(['go', 'build', '-o', program, join(folder, 'groups.go')], environment);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return program;
};

describe('a program that does without the C library', () => {
  test.for(BACKINGS)('finds the group of each device in a %s view', async ([, flags], context) => {
    needsNamespaces(context);
    needsProgram(context, 'go');
    const machine = await usualMachine();
    const { status, stdout, stderr } = runInView(machine, [built()], flags);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const expected = machine.groups.flatMap(({ id, devices }) => devices.map((name) => `${name} ${id}`));
    expect(stdout.trim().split('\n').sort()).toEqual(expected.sort());
  });
});
