// SPDX-License-Identifier: BSD-2-Clause
// Turn Okta's OpenAPI 3.0 schemas into JSON Schema for ajv.
import Ajv from 'ajv';

/** OpenAPI 3.0 spells "or null" as nullable; its discriminators and read-only marks are not checked. */
function toJsonSchema(node) {
  if (Array.isArray(node)) return node.map(toJsonSchema);
  if (node === null || typeof node !== 'object') return node;
  const { nullable, example, examples, discriminator, readOnly, writeOnly, externalDocs, deprecated, xml, ...rest } = node;
  const kept = Object.fromEntries(Object.entries(rest).filter(([k]) => !k.startsWith('x-')).map(([k, v]) => [k, toJsonSchema(v)]));
  if (nullable && kept.enum && !kept.enum.includes(null)) kept.enum = [...kept.enum, null];
  if (nullable && typeof kept.type === 'string') kept.type = [kept.type, 'null'];
  if (nullable && kept.$ref) return { anyOf: [kept, { type: 'null' }] };
  return kept;
}

export class Schemas {
  constructor(document) {
    this.ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false, logger: false });
    this.document = document;
    this.ajv.addSchema({ $id: 'okta', components: toJsonSchema(document.components) });
  }

  /** Problems of VALUE against components/schemas/NAME, as text; empty if there are none. */
  problems(name, value) {
    const validate = this.ajv.getSchema(`okta#/components/schemas/${name}`);
    return validate(value) ? [] : validate.errors.map((e) => `${name}${e.instancePath} ${e.message} ${JSON.stringify(e.params)}`);
  }

  /** The schema of the 200 reply of METHOD PATH. */
  problemsOfReply(method, path, value) {
    const { schema } = this.document.paths[path][method].responses[200].content['application/json'];
    const validate = this.ajv.compile({ components: toJsonSchema(this.document.components), ...toJsonSchema(schema) });
    return validate(value) ? [] : validate.errors.map((e) => `${path}${e.instancePath} ${e.message} ${JSON.stringify(e.params)}`);
  }
}
