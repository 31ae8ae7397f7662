// Keys made from content. An app's name is no key: several apps share one, and a listing has no id of its own.
// A key is the first 128 bits of SHA-256, as 32 hexadecimal digits.
import { hash } from "node:crypto";

/** JSON keeps the parts apart: ["a", "bc"] and ["ab", "c"] are two keys. */
const keyOf = (...parts: unknown[]) => hash("sha256", JSON.stringify(parts)).slice(0, 32);

type Fields = Record<string, unknown>;

const hundredths = (value: unknown) => Number(value).toFixed(2);

/** A listing without a type says by its price what it is. */
export const appTypeOf = (fields: Fields): unknown =>
  fields.app_type ?? (Number(fields.price) > 0 ? "Paid" : "Free");

/**
 * Which app it is: name, category, and whether it is free, since none of them changes from one listing of an app
 * to the next (a free app can't become a paid one), and two apps of one name differ in at least one as a rule.
 */
export const appKey = (fields: Fields): string =>
  keyOf(String(fields.app).normalize("NFC"), fields.category, appTypeOf(fields));

/** Which version of an app's listing: all that the listing says, whatever way its numbers are written. */
export const listingKey = (fields: Fields): string =>
  keyOf(
    appKey(fields),
    fields.rating === undefined ? null : Number(fields.rating),
    fields.reviews,
    fields.size_bytes,
    fields.installs,
    hundredths(fields.price),
    fields.content_rating,
    fields.genres,
    fields.last_updated,
    fields.current_ver,
    fields.android_ver,
  );

/** Which version of a user: a user who moves or grows older is a new version of the same user_id. */
export const userKey = (fields: Fields): string =>
  keyOf(BigInt(String(fields.user_id)).toString(), fields.user_name, fields.age, fields.user_location);
