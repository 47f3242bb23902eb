// SPDX-License-Identifier: BSD-2-Clause
// Okta's published catalogues and recordings, kept beside the project, not in it.
import fs from 'node:fs';

const FOLDER = new URL('../../../../shared/okta/', import.meta.url);

export const missing = (name) => (fs.existsSync(new URL(name, FOLDER)) ? false : `${name} is not beside this checkout (../shared/okta)`);
export const load = (name) => JSON.parse(fs.readFileSync(new URL(name, FOLDER), 'utf8'));
