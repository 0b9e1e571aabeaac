// Asks mailauth for DMARC results, and for whole judgements, as many as are asked for, in one process.
//
// One JSON object comes in: {dmarc: [{from: [domain], spf: [domain], dkim: [domain], records: {name: [text]},
// exists: [name], silent: [name]}], message: base64, options: {ip, helo, sender, mta}, records: {"name TYPE":
// [value]}, rounds: n}. Out comes {dmarc: [{result, policy, policy_domain, org_domain, spf_aligned,
// aligned_signers}], judged: {spf, dkim, dmarc}, seconds: [one round]}. No name is looked up anywhere but in
// the records given. In strict mode it reads DMARC records as the RFC has them.
const { evaluateDmarc } = require('mailauth/lib/dmarc');
const { authenticate } = require('mailauth');

const failed = code => Object.assign(new Error(code), { code });

function table({ records, exists, silent }) {
  const names = [...Object.keys(records), ...exists];
  return async (name, type) => {
    if (silent.includes(name)) throw failed('ETIMEOUT');
    if (type === 'TXT' && Object.hasOwn(records, name)) return records[name].map(text => [text]);
    throw failed(names.some(one => one === name || one.endsWith(`.${name}`)) ? 'ENODATA' : 'ENOTFOUND');
  };
}

async function dmarcOf(one) {
  const { response, dkimAligned } = await evaluateDmarc({
    headerFrom: one.from,
    spfDomains: one.spf.map(domain => ({ domain })),
    dkimDomains: one.dkim.map(domain => ({ id: domain, domain, aligned: true })),
    resolver: table(one),
    strict: true
  });
  return {
    result: response ? response.status.result : 'none', // it has no result without one domain in From
    policy: response.policy || '',
    policy_domain: response.policyDomain || '',
    org_domain: response.domain || '',
    spf_aligned: Boolean(response.alignment && response.alignment.spf.result),
    aligned_signers: [...(dkimAligned || [])].sort()
  };
}

async function main() {
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  const asked = JSON.parse(Buffer.concat(chunks).toString());
  const told = { dmarc: [], seconds: [] };
  for (const one of asked.dmarc || []) told.dmarc.push(await dmarcOf(one));
  const message = Buffer.from(asked.message || '', 'base64');
  const resolver = async (name, type) => {
    const found = asked.records[`${name} ${type}`];
    if (!found) throw failed('ENOTFOUND');
    return type === 'TXT' ? found.map(text => [text]) : found;
  };
  for (let round = 0; round < (asked.rounds || 0); round++) {
    const start = process.hrtime.bigint();
    const found = await authenticate(message, { ...asked.options, resolver, disableArc: true, disableBimi: true });
    told.seconds.push(Number(process.hrtime.bigint() - start) / 1e9);
    told.judged = {
      spf: found.spf.status.result,
      dkim: found.dkim.results.map(one => one.status.result),
      dmarc: found.dmarc.status.result
    };
  }
  process.stdout.write(JSON.stringify(told));
}

main();
