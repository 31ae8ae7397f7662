#!/usr/bin/env node
// Lets Node 20 run the TypeScript sources as they are; everything else is in main.ts.
import { register } from "tsx/esm/api";

register();
await import("./main.ts");
