// Values and names as SQL text: Flink and Trino write both alike, but for the names' quotes.

/** A string as a literal, its quotes doubled: no text can end it. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** Strings as the list within IN (…). */
export const literals = (texts: string[]): string => texts.map(literal).join(", ");
