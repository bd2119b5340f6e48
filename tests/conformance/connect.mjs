// Drives the gateway with Connect's own client and reports what came back, as JSON on stdout.
// usage: node connect.mjs grpc|grpcWeb|fetch http://127.0.0.1:PORT
import { createWeNeeds, explain, follow } from "../../clients/typescript/dist/src/index.js";
import { grpc, grpcWeb } from "../../clients/typescript/dist/src/node.js";

const [, , kind, baseUrl] = process.argv;
const transport = { grpc, grpcWeb, fetch: undefined }[kind];
const options = { baseUrl, locale: "en", ...(transport && { transport }) };
const PASSWORD = "correct horse battery";
const CANDIDATE = 1;
const RECRUITER = 2;

const email = (who) => `${who}-${crypto.randomUUID()}@example.org`;

async function refusal(call) {
  try {
    await call();
  } catch (error) {
    return explain(error);
  }
  throw new Error("the call was not refused");
}

async function person(role, firstName) {
  const weneeds = createWeNeeds(options);
  const account = { email: email(firstName), password: PASSWORD, firstName, lastName: "Fictive", role };
  const { user } = await weneeds.accounts.register(account);
  await weneeds.sessions.signIn({ email: account.email, password: PASSWORD });
  return { weneeds, account, user };
}

async function openJob({ weneeds }) {
  const { company } = await weneeds.companies.createCompany({ name: "Boulangerie Fictive", city: "Lyon" });
  const draft = {
    companyId: company.id,
    title: "Baker",
    description: "Bakes bread at night in a fictitious bakery in Lyon.",
    skills: ["bread", "dough"],
    city: "Lyon",
    locale: "en",
  };
  const { job } = await weneeds.jobs.createJob({ job: draft });
  const amount = { currencyCode: "EUR", units: 50n, nanos: 0 };
  await weneeds.budgets.fundBudget({ jobId: job.id, amount, paymentMethod: "pm_card_visa" });
  await weneeds.jobs.publishJob({ jobId: job.id });
  return job;
}

async function application(job) {
  const candidate = await person(CANDIDATE, "Camille");
  const profile = { title: "Baker", skills: ["bread"], locale: "en", address: { city: "Lyon" } };
  await candidate.weneeds.candidates.updateProfile({
    profile,
    updateMask: { paths: ["title", "skills", "locale", "address"] },
  });
  const requestId = crypto.randomUUID();
  const sent = await candidate.weneeds.applications.apply({ jobId: job.id, requestId });
  const again = await candidate.weneeds.applications.apply({ jobId: job.id, requestId });
  return [sent.application.id, again.application.id];
}

async function stream(recruiter, job) {
  const ending = new AbortController();
  const { signal } = ending;
  const live = Promise.withResolvers();
  const topics = ["applications"];
  const notices = follow(recruiter.weneeds, { topics, signal, onLive: live.resolve });
  const first = notices.next();
  // Without a cursor the stream tells what happens from now on: so it must be open by then.
  await Promise.race([live.promise, first]);
  const [id, again] = await application(job);
  const { value } = await first;
  ending.abort();
  const { kind, topic, cursor, resourceId } = value;
  return { kind, topic, cursor, resourceId, applicationId: id, repeatedId: again };
}

const recruiter = await person(RECRUITER, "Robin");
const { weneeds, account, user } = recruiter;
const me = await weneeds.accounts.getMe({});
const before = weneeds.session.tokens;
await weneeds.session.renew();
const after = weneeds.session.tokens;
const { user: renewed } = await weneeds.accounts.getMe({});
const job = await openJob(recruiter);
const listed = await weneeds.jobs.listCompanyJobs({ companyId: job.companyId });

const report = {
  registered: user.email === account.email.toLowerCase(),
  me: me.user.id === user.id,
  renewed: renewed.id === user.id && after.refreshToken !== before.refreshToken,
  listed: listed.jobs.map((each) => each.id === job.id),
  taken: await refusal(() => weneeds.accounts.register({ ...account })),
  invalid: await refusal(() => weneeds.accounts.register({ ...account, email: "nobody", password: "short" })),
  unsigned: await refusal(() => createWeNeeds(options).accounts.getMe({})),
  forged: await refusal(() => createWeNeeds({ ...options, token: "a.b.c" }).accounts.getMe({})),
  foreign: await refusal(async () => {
    const other = await person(RECRUITER, "Sacha");
    await other.weneeds.jobs.publishJob({ jobId: job.id });
  }),
  stream: await stream(recruiter, job),
};
await weneeds.sessions.signOut({});
report.forgotten = weneeds.session.tokens === undefined;

const plain = (_, value) => (typeof value === "bigint" ? Number(value) : value);
process.stdout.write(JSON.stringify(report, plain), () => process.exit(0));
