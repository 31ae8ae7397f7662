// Values and names as SQL text: Flink and Trino write both alike, but for the names' quotes.

/** A string as a literal, its quotes doubled: no text can end it. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** Strings as the list within IN (…). */
export const literals = (texts: string[]): string => texts.map(literal).join(", ");

/** WHERE with all of the conditions, a space before it; nothing where there are none. */
export const where = (conditions: string[]): string =>
  conditions.length > 0 ? ` WHERE ${conditions.join(" AND ")}` : "";
