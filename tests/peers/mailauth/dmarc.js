// Asks mailauth for DMARC results, and for whole judgements, as many as are asked for, in one process.
//
// One JSON object comes in: {dmarc: [{from, spf: [domain], dkim: [domain], records: {name: [text]}, silent:
// [name]}], message: base64, options: {ip, helo, sender, mta}, records: {"name TYPE": [value]}, rounds: n}.
// Out comes {dmarc: [{result, policy}], judged: {spf, dkim, dmarc}, seconds: [one round]}. No name is looked
// up anywhere but in the records given.
const { dmarc } = require('mailauth/lib/dmarc');
const { authenticate } = require('mailauth');

const missing = () => Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });

function table(records, silent = []) {
  return async (name, type) => {
    if (silent.includes(name)) throw Object.assign(new Error('no answer'), { code: 'ETIMEOUT' });
    if (type === 'TXT' && Object.hasOwn(records, name)) return records[name].map(text => [text]);
    throw missing();
  };
}

async function main() {
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  const asked = JSON.parse(Buffer.concat(chunks).toString());
  const told = { dmarc: [], seconds: [] };
  for (const one of asked.dmarc || []) {
    const found = await dmarc({
      headerFrom: [one.from],
      spfDomains: one.spf.map(domain => ({ domain })),
      dkimDomains: one.dkim.map(domain => ({ id: domain, domain, aligned: true })),
      resolver: table(one.records, one.silent)
    });
    told.dmarc.push({ result: found ? found.status.result : 'none', policy: (found && found.policy) || '' });
  }
  const message = Buffer.from(asked.message || '', 'base64');
  const resolver = async (name, type) => {
    const found = asked.records[`${name} ${type}`];
    if (!found) throw missing();
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
