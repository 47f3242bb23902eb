// SPDX-License-Identifier: BSD-2-Clause
// fields=status,profile:(firstName,city): the id is always included.
import { ApiError } from './errors.mjs';

const SYNTAX = /^(?:[\w-]+(?::\([\w,]+\))?)(?:,[\w-]+(?::\([\w,]+\))?)*$/;
const pick = (object, names) => Object.fromEntries(names.filter((n) => n in object).map((n) => [n, object[n]]));

export function projection(text) {
  if (text === null) return (object) => object;
  if (!SYNTAX.test(text)) throw new ApiError('E0000001', 'fields', ['fields: cannot be read']);
  const wanted = [...text.matchAll(/([\w-]+)(?::\(([\w,]+)\))?/g)].map(([, name, inner]) => [name, inner?.split(',')]);
  return (object) => ({
    id: object.id,
    ...Object.fromEntries(wanted.filter(([n]) => n in object).map(([n, inner]) => [n, inner ? pick(object[n], inner) : object[n]])),
  });
}
