// Two identity providers for the tests: `node peers.mjs <honest port> <crooked port> <redirect uri>`.
//
// The honest one is oidc-provider: somebody logs in as who they say, an e-mail
// as login is theirs unless it begins with "unproved". The crooked one is
// oauth2-mock-server: POST /mode tells how it bends its next answer.
import { OAuth2Server } from 'oauth2-mock-server';
import Provider from 'oidc-provider';

const [honestPort, crookedPort, redirect] = process.argv.slice(2);
const HOST = '127.0.0.1';

const client = {
  client_id: 'weneeds',
  client_secret: 'fictitious-secret-of-the-tests',
  redirect_uris: [redirect],
};
const honest = new Provider(`http://${HOST}:${honestPort}`, {
  clients: [client, { ...client, client_id: 'stranger' }],
  clientDefaults: { token_endpoint_auth_method: 'client_secret_post' },
  claims: {
    openid: ['sub'],
    email: ['email', 'email_verified'],
    profile: ['given_name', 'family_name', 'locale'],
  },
  pkce: { required: () => true },
  findAccount: async (_, id) => ({
    accountId: id,
    claims: async () => ({
      sub: id,
      email: id,
      email_verified: !id.startsWith('unproved'),
      given_name: 'Fictive',
      family_name: 'Personne',
      locale: 'en-GB',
    }),
  }),
});

const crooked = new OAuth2Server();
await crooked.issuer.keys.generate('RS256');
let mode = {};
crooked.service.addRoute('POST', '/mode', async (request, response) => {
  mode = JSON.parse(request.body.mode);
  response.writeHead(204).end();
});
crooked.service.on('beforeTokenSigning', (token) => {
  // The access token carries a scope, the id_token does not.
  if ('scope' in token.payload) return;
  Object.assign(token.payload, mode.claims);
  for (const name of mode.without ?? []) delete token.payload[name];
});
crooked.service.on('beforeResponse', (answer) => {
  const { id_token } = answer.body;
  if (mode.bend && id_token) answer.body.id_token = BENDS[mode.bend](id_token);
  if (mode.status) answer.statusCode = mode.status;
  if (mode.body) answer.body = mode.body;
});

const coded = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const BENDS = {
  // Signed by nobody.
  unsigned: (token) => `${coded({ alg: 'none', typ: 'JWT' })}.${token.split('.')[1]}.`,
  // The claims of another, under the signature of these.
  forged: (token) => {
    const [header, body, signature] = token.split('.');
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString());
    return `${header}.${coded({ ...claims, sub: 'somebody-else' })}.${signature}`;
  },
};

honest.listen(Number(honestPort), HOST);
crooked.issuer.url = `http://${HOST}:${crookedPort}`;
await crooked.start(Number(crookedPort), HOST);
