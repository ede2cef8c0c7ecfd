// Verifies a Sigstore bundle with a public key: node verify.js <bundle> <key.pub> <artifact>. Exits with 0 if it holds.
"use strict";

const { createPublicKey } = require("node:crypto");
const { readFileSync } = require("node:fs");
const { bundleFromJSON } = require("@sigstore/bundle");
const { Verifier, toSignedEntity, toTrustMaterial } = require("@sigstore/verify");

const [bundle, key, artifact] = process.argv.slice(2).map((path) => readFileSync(path));
const nobody = { certificateAuthorities: [], timestampAuthorities: [], tlogs: [], ctlogs: [] };
const trusted = () => ({ publicKey: createPublicKey(key), validFor: () => true });
const verifier = new Verifier(toTrustMaterial(nobody, trusted), { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 });

try {
  verifier.verify(toSignedEntity(bundleFromJSON(JSON.parse(bundle.toString("utf8"))), artifact));
} catch (error) {
  console.error(`${error.name} ${error.code ?? ""}: ${error.message}`);
  process.exit(1);
}
