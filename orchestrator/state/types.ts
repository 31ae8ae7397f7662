// Row types as a plan writes them: as text where Flink has a short form, as an object where it hasn't.

/** Cuts `a, b(c, d), e` at its own commas: those in brackets and quotes are part of a type or a name. */
function split(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quote = "";
  let from = 0;
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at] ?? "";
    if (quote) quote = sign === quote ? "" : quote;
    else if (sign === "`" || sign === "'") quote = sign;
    else if ("(<".includes(sign)) depth += 1;
    else if (")>".includes(sign)) depth -= 1;
    else if (sign === "," && depth === 0) {
      parts.push(text.slice(from, at).trim());
      from = at + 1;
    }
  }
  const last = text.slice(from).trim();
  return last ? [...parts, last] : parts;
}

/** A row type's fields in order; undefined where the type is of a form that isn't known. */
export function rowFields(type: unknown): { name: string; type: string }[] | undefined {
  if (typeof type === "string") {
    const inner = /^ROW<([\s\S]*)>(?: NOT NULL)?$/.exec(type)?.[1];
    if (inner === undefined) return undefined;
    const fields = split(inner).map((field) => /^`((?:[^`]|``)*)` ([\s\S]+)$/.exec(field));
    return fields.every((field) => field !== null)
      ? fields.map(([, name = "", of = ""]) => ({ name, type: of }))
      : undefined;
  }
  const { fields } = (type ?? {}) as { fields?: { name?: unknown; fieldType?: unknown }[] };
  if (!Array.isArray(fields)) return undefined;
  return fields.map(({ name, fieldType }) => ({
    name: String(name),
    type: typeof fieldType === "string" ? fieldType : JSON.stringify(fieldType),
  }));
}

/** A row type's field types as the plan writes them; undefined as above. */
export function fieldTypes(type: unknown): unknown[] | undefined {
  const { fields } = (type ?? {}) as { fields?: { fieldType?: unknown }[] };
  if (typeof type === "string") return rowFields(type)?.map((field) => field.type);
  return Array.isArray(fields) ? fields.map(({ fieldType }) => fieldType) : undefined;
}
