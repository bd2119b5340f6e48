// Signs a user in with a second factor and a member of staff, and reports what was kept, as JSON.
// usage: node session_staff.mjs http://127.0.0.1:PORT
import { createWeNeeds } from "../../clients/typescript/dist/src/index.js";
import { grpc } from "../../clients/typescript/dist/src/node.js";

const [, , baseUrl] = process.argv;
const stored = [];
const onTokens = (tokens) => stored.push(tokens ? [tokens.accessToken, tokens.staff ?? false] : null);
const options = { baseUrl, transport: grpc, onTokens };

const user = createWeNeeds(options);
await user.sessions.signIn({ email: "a@example.org", password: "x" });
const awaiting = stored.length;
const proof = { proof: { case: "totpCode", value: "123456" } };
await user.sessions.completeSignIn({ challenge: "c".repeat(43), proof });
await user.sessions.stepUp({ proof });

const staff = createWeNeeds(options);
await staff.adminSessions.signInAdmin({ email: "s@example.org", password: "x", totpCode: "123456" });
// The platform takes another token by now: this call renews, as staff.
await staff.adminSessions.getAdminMe({});
const resumed = createWeNeeds({ ...options, tokens: staff.session.tokens });
await resumed.adminSessions.stepUpAdmin({ totpCode: "123456" });
await resumed.adminSessions.signOutAdmin({});

process.stdout.write(JSON.stringify({ stored, awaiting }), () => process.exit(0));
