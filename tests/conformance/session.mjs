// Drives the client against a scripted platform and reports what it saw, as JSON on stdout.
// usage: node session.mjs http://127.0.0.1:PORT
import { createWeNeeds, explain, follow, pages } from "../../clients/typescript/dist/src/index.js";
import { grpc } from "../../clients/typescript/dist/src/node.js";

const [, , baseUrl] = process.argv;
const stored = [];
const onTokens = (tokens) => stored.push(tokens?.accessToken ?? null);
const weneeds = createWeNeeds({ baseUrl, transport: grpc, locale: "en", onTokens });

const states = [weneeds.session.state];
await weneeds.sessions.signIn({ email: "a@example.org", password: "x" });
states.push(weneeds.session.state);
// The platform takes only access2 by now: all of these find the token expired.
await Promise.all(Array.from({ length: 10 }, () => weneeds.jobs.getJob({ jobId: "j" })));

const mine = { job: { title: "Baker" } };
await weneeds.jobs.createJob(mine);
await weneeds.jobs.createJob(mine);

const ids = [];
for await (const page of pages((pageToken) => weneeds.jobs.listJobs({ pageToken, pageSize: 2 }))) {
  ids.push(...page.jobs.map((job) => job.id));
}

const cursors = [];
let lives = 0;
for await (const notice of follow(weneeds, { topics: ["mails"], onLive: () => (lives += 1) })) {
  cursors.push(notice.cursor);
}

let limited;
try {
  await weneeds.accounts.getMe({});
} catch (error) {
  limited = explain(error);
}

let ended;
try {
  await weneeds.applications.getApplication({ applicationId: "a" });
} catch (error) {
  ended = explain(error).reason;
}
states.push(weneeds.session.state);

// Another client, whose account is banned while it is signed in.
const kept = [];
const keep = (tokens) => kept.push(tokens);
const banned = createWeNeeds({ baseUrl, transport: grpc, locale: "en", onTokens: keep });
await banned.sessions.signIn({ email: "b@example.org", password: "x" });
let refused;
try {
  await banned.jobs.closeJob({ jobId: "j" });
} catch (error) {
  refused = explain(error).reason;
}
const ban = { refused, state: banned.session.state, kept: kept.at(-1) ?? null };
await banned.sessions.signIn({ email: "b@example.org", password: "x" });
ban.later = banned.session.state;

const report = { stored, ids, cursors, lives, limited, ended, states, ban };
process.stdout.write(JSON.stringify(report), () => process.exit(0));
